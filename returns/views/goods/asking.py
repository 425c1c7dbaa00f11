"""The questions an inspection is asked, by category: each change is another version."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from oms.access import may
from oms.models import Product
from oms.views.words import Clock, actor_names
from returns import checklists as asking
from returns.models import Checklist


class ChecklistForm(forms.Form):
    """A question in each line; no line: nothing is asked."""

    category = forms.CharField(max_length=60, required=False, widget=forms.HiddenInput)
    questions = forms.CharField(
        label=gettext_lazy("Questions, one in each line"),
        help_text=gettext_lazy("Each is answered with yes or no. Yes is what you hope for: “All parts are there”."),
        required=False,
        max_length=asking.MOST * (asking.LONGEST + 2),
        widget=forms.Textarea(attrs={"rows": 5}),
    )

    def clean_category(self) -> str:
        category: str = self.cleaned_data["category"]
        if category and not Product.objects.filter(category=category).exists():
            raise forms.ValidationError(_("No product is in this category."))
        return category

    def clean_questions(self) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data["questions"].splitlines() if line.strip()]
        if len(lines) > asking.MOST:
            raise forms.ValidationError(_("At most %(most)s questions.") % {"most": asking.MOST})
        if any(len(line) > asking.LONGEST for line in lines):
            raise forms.ValidationError(_("A question may have %(most)s letters.") % {"most": asking.LONGEST})
        if len(set(lines)) < len(lines):
            raise forms.ValidationError(_("A question stands here twice."))
        return lines


@require_http_methods(["GET", "HEAD", "POST"])
@may("change settings")
def checklists(request: HttpRequest) -> HttpResponse:
    """What is asked of each category, since when and by whom; what was asked before stays readable."""
    refused: ChecklistForm | None = None
    if request.method == "POST":
        form = ChecklistForm(request.POST)
        if form.is_valid():
            asking.change(**form.cleaned_data, by=request.user.actor, at=timezone.now())
            messages.success(request, _("Asked from now on. Earlier inspections keep what they were asked."))
            return redirect("admin:checklists")
        refused = form
    context = {"title": _("Checklists"), "rows": _rows(refused), "refused": refused}
    return render(request, "returns/goods/checklists.html", context, status=422 if refused else 200)


def _rows(refused: ChecklistForm | None) -> list[dict[str, Any]]:
    versions: dict[str, list[Checklist]] = {}
    for one in Checklist.objects.order_by("category", "-version"):
        versions.setdefault(one.category, []).append(one)
    found = Product.objects.exclude(category="").values_list("category", flat=True).distinct().order_by("category")
    clock, names = Clock(), actor_names(one.by for many in versions.values() for one in many)
    sent = refused["category"].value() if refused else None
    rows = []
    for number, category in enumerate(["", *found]):
        known = versions.get(category, [])
        lines = "\n".join(known[0].questions) if known else ""
        form = (
            refused
            if refused is not None and sent == category
            else ChecklistForm(initial={"category": category, "questions": lines}, auto_id=f"id_{number}_%s")
        )
        rows.append(
            {
                "name": category or _("every other category"),
                "form": form,
                "versions": [
                    {"version": one, "since": clock.text(one.since), "by": names.get(one.by, one.by)} for one in known
                ],
            }
        )
    return rows
