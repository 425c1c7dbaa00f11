"""What every record of the admin shares: roles decide, from the one table of `oms.roles`."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.contrib import admin
from django.db import models
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone

from oms.roles import allowed
from oms.templatetags.components import money

IN_A_ROW = 3


@cache  # the admin compares columns by identity
def _as_money(model: type[models.Model], name: Any) -> Any:
    """A column that shows an amount with its currency, not the digits the database keeps."""
    field = {field.name: field for field in model._meta.fields}.get(name)
    if not isinstance(field, models.DecimalField):
        return name

    @admin.display(description=field.verbose_name, ordering=name)
    def shown(record: Any) -> str:
        return money(getattr(record, name), record.currency)

    return shown


class RoleAdmin(admin.ModelAdmin):
    """Records seen by who has `sees`, changed by who has `changes` (nobody, unless named), added where `adds`.

    Nothing is ever deleted here. Fields named in `personal` are shown only with "see personal data"; what is not in
    `fields` is not shown at all.
    """

    sees = ""
    changes = ""
    adds = False
    personal: Sequence[str] = ()
    wide: Sequence[str] = ("note", "decision_note", "answer", "text", "quote", "decision", "facts")

    list_per_page = 50
    show_full_result_count = False
    ordering: Sequence[str] = ("-pk",)
    actions_on_bottom = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return allowed(request.user, self.sees)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return bool(self.changes) and allowed(request.user, self.changes)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.adds and self.has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: models.Model | None = None) -> Sequence[Any]:
        return self._without_personal(request, super().get_fields(request, obj))

    def get_list_display(self, request: HttpRequest) -> Sequence[Any]:
        names = self._without_personal(request, super().get_list_display(request))
        return [_as_money(self.model, name) for name in names if name != "currency"] if "currency" in names else names

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> Sequence[Any]:
        named = super().get_readonly_fields(request, obj)
        return named if self.changes else tuple(dict.fromkeys([*named, *self.get_fields(request, obj)]))

    def get_fieldsets(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        """What is only read stands in short rows; long texts have a row of their own."""
        names = list(self.get_fields(request, obj))
        if self.has_change_permission(request, obj):
            return [(None, {"fields": names})]
        rows: list[Any] = []
        for name in (name for name in names if name not in self.wide):
            if rows and len(rows[-1]) < IN_A_ROW:
                rows[-1].append(name)
            else:
                rows.append([name])
        return [(None, {"fields": [*map(tuple, rows), *(name for name in names if name in self.wide)]})]

    def _without_personal(self, request: HttpRequest, names: Sequence[Any]) -> Sequence[Any]:
        if not self.personal or allowed(request.user, "see personal data"):
            return names
        return [name for name in names if name not in self.personal]


class SettingsAdmin(RoleAdmin):
    """Rows that steer the shop. Every change is an event; codes never change once given."""

    sees = "change settings"
    changes = "change settings"
    adds = True
    fixed: Sequence[str] = ("code",)

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> Sequence[Any]:
        named = super().get_readonly_fields(request, obj)
        return named if obj is None else (*named, *self.fixed)

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        fields = [name for name in form.changed_data if name in form.fields]
        if fields or not change:
            self.note(obj, fields, by=request.user.actor, at=timezone.now())

    def note(self, obj: Any, fields: list[str], *, by: str, at: Any) -> None:
        """Record the change on the stream of settings; inside the transaction of the form."""
        raise NotImplementedError


class ReadOnlyInline(admin.TabularInline):
    """Parts of a record, shown with it and changed nowhere here."""

    extra = 0
    can_delete = False
    show_change_link = False
    verbose_name_plural: Any = None

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return True
