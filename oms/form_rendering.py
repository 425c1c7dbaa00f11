"""Forms wear the project's own markup: ``{{ form }}`` and ``{{ form.name.as_field_group }}`` alike."""

from django.forms.renderers import TemplatesSetting


class Renderer(TemplatesSetting):
    """Label, hint, error, control, each tied to the field by Django's own aria attributes."""

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"
