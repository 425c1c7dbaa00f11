"""The policy: drafts may change, what was published never does."""

from typing import Any

from django import forms
from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from oms import outbox
from oms.admin_base import RoleAdmin
from oms.roles import allowed
from returns.models import (
    PolicyRule,
    PolicyVersion,
)
from returns.policy import ParametersRefused, validate
from returns.policy.parameters import PARAMETERS


class PolicyRuleForm(forms.ModelForm):
    """A rule the engine will understand: each parameter is checked before it is kept."""

    kind = forms.ChoiceField(label=_("Rule"), choices=[(kind, kind.replace("_", " ")) for kind in sorted(PARAMETERS)])

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if "kind" in data and "parameters" in data:
            data["parameters"] = data["parameters"] if data["parameters"] is not None else {}
            try:
                validate(data["kind"], data["parameters"])
            except ParametersRefused as refused:
                name = f"{refused.field}: " if refused.field and refused.field != "kind" else ""
                self.add_error("parameters", f"{name}{refused}")
        return data


def _may_change(request: HttpRequest, version: PolicyVersion | None) -> bool:
    """Drafts alone, and by who may change the policy."""
    is_draft = version is None or (version.valid is None and version.published_at is None)
    return is_draft and allowed(request.user, "change policy")


class PolicyRuleInline(admin.TabularInline):
    model = PolicyRule
    form = PolicyRuleForm
    extra = 0
    fields = ("kind", "parameters", "priority", "active")
    ordering = ("priority", "pk")

    def has_view_permission(self, request: HttpRequest, obj: PolicyVersion | None = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: PolicyVersion | None = None) -> bool:
        return _may_change(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: PolicyVersion | None = None) -> bool:
        return _may_change(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: PolicyVersion | None = None) -> bool:
        return _may_change(request, obj)


@admin.register(PolicyVersion)
class PolicyVersionAdmin(RoleAdmin):
    """Drafts may change; what was published never does (orders of its days are bound to it)."""

    sees = "change policy"
    changes = "change policy"
    list_display = ("__str__", "title", "in_force", "published_at")
    list_filter = ("market",)
    ordering = ("market", "-number")
    fields = ("market", "number", "title", "time_zone", "in_force", "published_at")
    readonly_fields = ("market", "number", "in_force", "published_at")
    inlines = (PolicyRuleInline,)

    @admin.display(description=_("binds orders placed"), ordering="valid")
    def in_force(self, version: PolicyVersion) -> str:
        if version.valid is None:
            return gettext("draft: none")
        since, until = version.valid.lower, version.valid.upper
        if since is None and until is None:
            return gettext("at any time")
        if until is None:
            return gettext("since %(since)s") % {"since": date_format(since, "j F Y")}
        if since is None:
            return gettext("before %(until)s") % {"until": date_format(until, "j F Y")}
        return gettext("from %(since)s to %(until)s") % {
            "since": date_format(since, "j F Y"),
            "until": date_format(until, "j F Y"),
        }

    def has_change_permission(self, request: HttpRequest, obj: PolicyVersion | None = None) -> bool:
        return _may_change(request, obj)

    def save_related(self, request: HttpRequest, form: ModelForm, formsets: list[Any], change: bool) -> None:
        super().save_related(request, form, formsets, change)
        fields = list(form.changed_data) + (["rules"] if any(one.has_changed() for one in formsets) else [])
        if fields:
            by, now = request.user.actor, timezone.now()
            outbox.record_on("policy", "policy.changed", by=by, at=now, policy=str(form.instance), fields=fields)
