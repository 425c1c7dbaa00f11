"""The policy for who works with it: what is in force, what was, and the draft of what comes next."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from inventory.models import Condition
from oms import outbox
from oms.access import may
from oms.refusals import Refused
from oms.roles import allowed
from oms.views.words import Clock
from returns import policy_versions
from returns.forms.policy import KIND_LABELS, KindForm, PublicationForm, RuleForm
from returns.models import PolicyRule, PolicyVersion, ReturnReason
from returns.policy.parameters import PARAMETERS
from returns.policy_versions import MARKET
from returns.views.desk.policy_words import say

STREAM = f"policy/{MARKET}"


@require_safe
@may("see returns")
def policy(request: HttpRequest) -> HttpResponse:
    """The version in force now, as sentences, and all versions."""
    clock, now = Clock(), timezone.now()
    versions = list(PolicyVersion.objects.filter(market=MARKET).order_by("-number"))
    current = next(version for version in versions if version.valid is not None and now in version.valid)
    context = {
        "title": _("Policy"),
        "shop": clock.shop,
        "current": current,
        "rules": _rules(current),
        "versions": [_row(version, current, clock, now) for version in versions],
        "has_draft": next((version for version in versions if version.valid is None), None),
        "may_change": allowed(request.user, "change policy"),
    }
    return render(request, "returns/desk/policy.html", context)


@require_POST
@may("change policy")
def drafts(request: HttpRequest) -> HttpResponse:
    """Start a draft from the version in force; the open one if there is one already."""
    version = policy_versions.draft(by=request.user.actor, at=timezone.now())
    return redirect("returns:policy_version", version.number)


@require_safe
@may("see returns")
def policy_version(request: HttpRequest, number: int) -> HttpResponse:
    return _render_version(request, version_of(number))


@require_http_methods(["GET", "HEAD", "POST"])
@may("change policy")
def new_rule(request: HttpRequest, number: int) -> HttpResponse:
    """A rule of the kind named in the address."""
    version, kind = version_of(number), request.GET.get("kind", "")
    if kind not in PARAMETERS:
        return _render_version(request, version, kind_form=KindForm({"kind": kind}), status=422)
    return _edit(request, version, PolicyRule(version=version, kind=kind))


@require_http_methods(["GET", "HEAD", "POST"])
@may("change policy")
def rule(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    version = version_of(number)
    return _edit(request, version, get_object_or_404(version.rules, pk=pk))


@require_POST
@may("change policy")
def rule_removal(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    version = version_of(number)
    by, at = request.user.actor, timezone.now()
    try:
        policy_versions.drop_rule(version.pk, pk, by=by, at=at)
    except Refused as refused:
        return _refused(request, version, refused, "drop_rule", by, at)
    messages.success(request, _("The rule is out of this draft."))
    return redirect("returns:policy_version", number)


@require_POST
@may("change policy")
def publication(request: HttpRequest, number: int) -> HttpResponse:
    """Let the draft count; what cannot be is said at its field."""
    version = version_of(number)
    form = PublicationForm(request.POST)
    if not form.is_valid():
        return _render_version(request, version, publication_form=form, status=422)
    by, at = request.user.actor, timezone.now()
    try:
        policy_versions.publish(
            version.pk,
            title=form.cleaned_data["title"],
            valid_from=_local(form.cleaned_data["valid_from"]),
            by=by,
            at=at,
        )
    except (policy_versions.Backdated, policy_versions.LaterVersion) as refused:
        outbox.record_refusal(refused, verb="publish", subject=STREAM, by=by, at=at)
        form.add_error("valid_from", str(refused))
        return _render_version(request, version, publication_form=form, status=422)
    except Refused as refused:
        return _refused(request, version, refused, "publish", by, at)
    messages.success(request, _("Published. Orders placed from then on follow it; earlier ones keep their rules."))
    return redirect("returns:policy")


@require_POST
@may("change policy")
def version_removal(request: HttpRequest, number: int) -> HttpResponse:
    version = version_of(number)
    by, at = request.user.actor, timezone.now()
    try:
        policy_versions.discard(version.pk, by=by, at=at)
    except Refused as refused:
        return _refused(request, version, refused, "discard", by, at)
    messages.success(request, _("The draft is gone."))
    return redirect("returns:policy")


# ── Reading ───────────────────────────────────────────────────────────────────────────────────────────────────────


def version_of(number: int) -> PolicyVersion:
    if number > 2_000_000_000:  # beyond what the column holds
        raise Http404
    return get_object_or_404(PolicyVersion, market=MARKET, number=number)


def _local(given: datetime | None) -> datetime | None:
    """What was typed is the shop's wall clock, whatever zone the form read it in."""
    return None if given is None else given.replace(tzinfo=Clock().zone)


def _names() -> Mapping[str, str]:
    reasons = dict(ReturnReason.objects.values_list("code", "label"))
    return dict(Condition.objects.values_list("code", "label")) | reasons


def _rules(version: PolicyVersion) -> list[dict[str, Any]]:
    names = _names()
    return [
        {
            "rule": one,
            "label": KIND_LABELS.get(one.kind, one.kind),
            "sentence": say(one.kind, one.parameters, names),
        }
        for one in version.rules.order_by("priority", "pk")
    ]


def _row(version: PolicyVersion, current: PolicyVersion, clock: Clock, now: datetime) -> dict[str, Any]:
    if version.valid is None:
        label, meaning = _("draft"), "waiting"
    elif version.pk == current.pk:
        label, meaning = _("in force"), "good"
    elif version.valid.lower is not None and version.valid.lower > now:
        label, meaning = _("published for later"), "moving"
    else:
        label, meaning = _("past"), ""
    return {
        "version": version,
        "label": label,
        "meaning": meaning,
        "begin": clock.text(version.valid.lower) if version.valid else "",
        "end": clock.text(version.valid.upper) if version.valid else "",
        "published": clock.text(version.published_at),
    }


def _render_version(
    request: HttpRequest,
    version: PolicyVersion,
    *,
    kind_form: KindForm | None = None,
    publication_form: PublicationForm | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    clock, now = Clock(), timezone.now()
    is_draft = version.valid is None
    context = {
        "title": _("Policy, version %(number)s") % {"number": version.number},
        "shop": clock.shop,
        "version": version,
        "row": _row(version, PolicyVersion.objects.in_force(MARKET, now), clock, now),
        "rules": _rules(version),
        "may_change": is_draft and allowed(request.user, "change policy"),
        "kind_form": kind_form or KindForm(),
        "publication_form": publication_form or PublicationForm(initial={"title": version.title}),
        "refused_forms": [form for form in (kind_form, publication_form) if form is not None and form.errors],
        "problem": problem,
    }
    return render(request, "returns/desk/policy_version.html", context, status=status)


def _refused(
    request: HttpRequest, version: PolicyVersion, refused: Refused, verb: str, by: str, at: datetime
) -> HttpResponse:
    outbox.record_refusal(refused, verb=verb, subject=STREAM, by=by, at=at)
    return _render_version(request, version, problem=str(refused), status=409)


def _edit(request: HttpRequest, version: PolicyVersion, rule: PolicyRule) -> HttpResponse:
    """Show the form of a rule; a POST saves it."""
    by, at = request.user.actor, timezone.now()
    start = {"priority": rule.priority, "active": rule.active}
    form = RuleForm(request.POST or None, kind=rule.kind, parameters=rule.parameters, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            policy_versions.save_rule(
                version.pk,
                rule_id=rule.pk,
                kind=rule.kind,
                parameters=form.parameters(),
                priority=form.cleaned_data["priority"],
                active=form.cleaned_data["active"],
                by=by,
                at=at,
            )
        except Refused as refused:
            return _refused(request, version, refused, "save_rule", by, at)
        messages.success(request, _("Saved in the draft."))
        return redirect("returns:policy_version", version.number)
    context = {
        "title": KIND_LABELS.get(rule.kind, rule.kind),
        "version": version,
        "rule": rule,
        "sentence": say(rule.kind, rule.parameters, _names()) if rule.pk else "",
        "form": form,
    }
    return render(request, "returns/desk/policy_rule.html", context, status=422 if form.errors else 200)
