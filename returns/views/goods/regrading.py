"""A second, blind grading of a few pieces, and how often two people agree."""

from datetime import timedelta

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from inventory.states import Grade
from oms import outbox
from oms.access import may
from oms.refusals import Refused
from oms.roles import allowed
from oms.views.words import actor_names
from returns import goods_terms, reference
from returns import regrading as second
from returns.models import Regrade, ReturnPhoto

AGREEMENT_OVER = timedelta(days=180)
MOST_SHOWN = 100


class RegradeForm(forms.Form):
    condition = forms.ChoiceField(
        label=gettext_lazy("What do you see?"),
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Choose what you see."),
            "invalid_choice": gettext_lazy("Choose one of the conditions."),
        },
    )
    grade = forms.ChoiceField(
        label=gettext_lazy("Grade"),
        required=False,
        choices=[("", gettext_lazy("Usual for the condition")), *Grade.choices],
    )


def _form(data: object = None) -> RegradeForm:
    form = RegradeForm(data, use_required_attribute=False)
    form.fields["condition"].choices = [(one.code, one.label) for one in reference.conditions().values() if one.active]
    return form


@require_safe
@may("inspect goods")
def regrading(request: HttpRequest) -> HttpResponse:
    """What this person may grade again: pieces chance chose and somebody else graded."""
    context = {
        "title": _("Second look"),
        "rows": second.waiting_for(request.user.actor)[:MOST_SHOWN],
        "percent": goods_terms.on(timezone.now().date()).regrade_percent,
        "sees_agreement": allowed(request.user, "see reports"),
    }
    return render(request, "returns/goods/regrading.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@may("inspect goods")
def regrade(request: HttpRequest, regrade: int) -> HttpResponse:
    """Grade one piece again, without seeing how it was graded. Sent twice, it is written down once."""
    related = ("outcome__receipt__line__order_line", "outcome__receipt__line__rma")
    found = get_object_or_404(Regrade.objects.select_related(*related), pk=regrade)
    if found.graded_at is not None:
        return redirect("admin:regrading")
    form = _form(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            by, now = request.user.actor, timezone.now()
            try:
                second.grade(found.pk, by=by, at=now, **form.cleaned_data)
            except Refused as why:
                subject = found.outcome.receipt.line.rma.stream
                outbox.record_refusal(why, verb="regrade", subject=subject, by=by, at=now)
                form.add_error(None, str(why))
            else:
                messages.success(request, _("Written down. What was decided about the piece stays."))
                return redirect("admin:regrading")
    line = found.outcome.receipt.line
    context = {
        "title": _("Second look"),
        "regrade": found,
        "line": line,
        "form": form,
        "photos": ReturnPhoto.objects.filter(outcome=found.outcome_id).defer("content").order_by("pk"),
    }
    return render(request, "returns/goods/regrade.html", context, status=status)


@require_safe
@may("see reports")
def agreement(request: HttpRequest) -> HttpResponse:
    """How often two people see the same, by grader and by category."""
    since = timezone.now() - AGREEMENT_OVER
    graders = second.by_grader(since)
    names = actor_names(one.name for one in graders)
    context = {
        "title": _("Agreement of graders"),
        "days": AGREEMENT_OVER.days,
        "tables": [
            {
                "title": _("By who graded first"),
                "head": _("Grader"),
                "rows": [(names.get(one.name, one.name), one) for one in graders],
            },
            {
                "title": _("By category"),
                "head": _("Category"),
                "rows": [(one.name or _("without a category"), one) for one in second.by_category(since)],
            },
        ],
        "any": bool(graders),
        "grades": allowed(request.user, "inspect goods"),
    }
    return render(request, "returns/goods/agreement.html", context)
