"""What is drawn here says the same as Django's own templates."""

from typing import Any

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.test.html import parse_html

from oms.form_rendering import DRAWN, Renderer

HOSTILE = "<b class='x'>\"&\u202e"
CHOICES = [("", "Choose one"), ("a", HOSTILE), ("Kept", [("b", "Bé"), (3, "three")])]
PLAIN: list[tuple[type[forms.Widget], Any]] = [
    (widget, value)
    for widget in (
        forms.TextInput,
        forms.NumberInput,
        forms.EmailInput,
        forms.URLInput,
        forms.PasswordInput,
        forms.HiddenInput,
        forms.DateInput,
    )
    for value in (None, "", HOSTILE, 1234567)
]
PLAIN += [(forms.CheckboxInput, value) for value in (None, True, False, "x")]
LISTS = [
    (widget, value) for widget in (forms.Select, forms.RadioSelect) for value in (None, "", "a", "b", 3, "unknown")
]
LISTS += [
    (widget, value)
    for widget in (forms.SelectMultiple, forms.CheckboxSelectMultiple)
    for value in ([], ["a"], ["a", "3"])
]
ATTRIBUTES = [{}, {"id": "x-1", "class": "one two", "required": True, "disabled": False, "data-what": HOSTILE}]


@pytest.mark.parametrize("attributes", ATTRIBUTES, ids=["bare", "dressed"])
@pytest.mark.parametrize(("kind", "value"), [*PLAIN, *LISTS])
def test_a_control_is_drawn_as_django_draws_it(kind: Any, value: Any, attributes: dict[str, Any]) -> None:
    widget = kind(choices=CHOICES) if hasattr(kind, "choices") else kind()
    own, djangos = (widget.render("name", value, attributes, renderer=one()) for one in (Renderer, DjangoTemplates))
    assert parse_html(own) == parse_html(djangos)


def test_every_control_drawn_here_is_tried() -> None:
    tried = {kind.template_name for kind, _value in [*PLAIN, *LISTS]}
    assert tried == set(DRAWN)
