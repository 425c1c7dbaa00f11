"""Forms wear the project's own markup: ``{{ form }}`` and ``{{ form.name.as_field_group }}`` alike."""

from collections.abc import Callable, Mapping
from typing import Any

from django.forms.renderers import TemplatesSetting
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

type Widget = Mapping[str, Any]


class Renderer(TemplatesSetting):
    """Label, hint, error, control, each tied to the field by Django's own aria attributes."""

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
        draw = DRAWN.get(template_name)
        return draw(context["widget"]) if draw else super().render(template_name, context, request)


# The controls most forms are made of, drawn as Django's templates draw them: three templates for each option of each
# list would take a third of the time of a page with questions.


def _input(widget: Widget) -> SafeString:
    value = "" if widget["value"] is None else format_html(' value="{}"', widget["value"])
    return format_html(
        '<input type="{}" name="{}"{}{}>', widget["type"], widget["name"], value, flatatt(widget["attrs"])
    )


def _choices(widget: Widget) -> SafeString:
    """Radio buttons or checkboxes; a group of them under its name."""
    parts = []
    for group, options, _index in widget["optgroups"]:
        drawn = format_html_join("", "<div>{}</div>", ((_choice(option),) for option in options))
        parts.append((format_html("<div><label>{}</label>{}</div>", group, drawn) if group else drawn,))
    named = {name: widget["attrs"].get(name) or None for name in ("id", "class")}
    return format_html("<div{}>{}</div>", flatatt(named), format_html_join("", "{}", parts))


def _choice(option: Widget) -> SafeString:
    named = flatatt({"for": option["attrs"].get("id") or None})
    return format_html("<label{}>{} {}</label>", named, _input(option), option["label"])


def _select(widget: Widget) -> SafeString:
    parts = []
    for group, options, _index in widget["optgroups"]:
        drawn = format_html_join("", '<option value="{}"{}>{}</option>', map(_option, options))
        parts.append((format_html('<optgroup label="{}">{}</optgroup>', group, drawn) if group else drawn,))
    return format_html(
        '<select name="{}"{}>{}</select>', widget["name"], flatatt(widget["attrs"]), format_html_join("", "{}", parts)
    )


def _option(option: Widget) -> tuple[object, SafeString, object]:
    return option["value"], flatatt(option["attrs"]), option["label"]


INPUTS = ("text", "number", "email", "url", "password", "hidden", "date", "checkbox")
DRAWN: dict[str, Callable[[Widget], str]] = {
    **{f"django/forms/widgets/{name}.html": _input for name in INPUTS},
    "django/forms/widgets/radio.html": _choices,
    "django/forms/widgets/checkbox_select.html": _choices,
    "django/forms/widgets/select.html": _select,
}
