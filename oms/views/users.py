"""The people who work here: who they are, what they may do, how they get in."""

from collections.abc import Callable
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from oms import invitations, outbox, users
from oms.access import may
from oms.forms import InvitationForm, RoleForm
from oms.models import Event, User
from oms.refusals import Refused
from oms.roles import PERMISSIONS, Role
from oms.views.words import Clock, actor_names


@require_http_methods(["GET", "HEAD", "POST"])
@may("manage users")
@never_cache
def user_list(request: HttpRequest) -> HttpResponse:
    """Everybody with an account; a POST invites one more."""
    form = InvitationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        by, at = request.user.actor, timezone.now()
        try:
            invited = users.invite(
                form.cleaned_data["email"],
                name=form.cleaned_data["name"],
                role=form.cleaned_data["role"],
                by=by,
                at=at,
            )
        except Refused as refused:
            outbox.record_refusal(refused, verb="invite", subject="users", by=by, at=at)
            form.add_error("email", str(refused))
        else:
            return _invited(request, invited)
    clock = Clock()
    factor = Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.TOTP)
    people = User.objects.annotate(has_factor=Exists(factor)).order_by("-is_active", "name", "pk")
    context = {
        "title": _("People"),
        "shop": clock.shop,
        "form": form,
        "rows": [
            {"person": person, "last": clock.text(person.last_login), "has_factor": person.has_factor}
            for person in people
        ],
        "roles": _what_roles_may(),
        "mails_are_sent": invitations.mails_are_sent(),
    }
    return render(request, "settings/users.html", context, status=422 if form.errors else 200)


@require_safe
@may("manage users")
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    return _render(request, get_object_or_404(User, pk=pk))


@require_POST
@may("manage users")
def role(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User, pk=pk)
    form = RoleForm(request.POST)
    if not form.is_valid():
        return _render(request, person, form=form)
    given = form.cleaned_data["role"]
    return _decide(request, person, "change_role", lambda **who: users.change_role(pk, given, **who), form=form)


@require_POST
@may("manage users")
def access(request: HttpRequest, pk: int) -> HttpResponse:
    """Shut out or let in again, as `access` says."""
    person = get_object_or_404(User, pk=pk)
    verbs: dict[str, Callable[..., User]] = {"disable": users.disable, "enable": users.enable}
    verb = request.POST.get("access", "")
    if verb not in verbs:
        return _render(request, person, problem=_("Say whether this person may log in."), status=422)
    return _decide(request, person, verb, lambda **who: verbs[verb](pk, **who))


@require_POST
@may("manage users")
def second_factor(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User, pk=pk)
    return _decide(request, person, "reset_second_factor", lambda **who: users.reset_second_factor(pk, **who))


@require_POST
@may("manage users")
@never_cache
def invitation(request: HttpRequest, pk: int) -> HttpResponse:
    """A new link to set a password with."""
    person = get_object_or_404(User, pk=pk)
    by, at = request.user.actor, timezone.now()
    try:
        users.invite_again(pk, by=by, at=at)
    except Refused as refused:
        outbox.record_refusal(refused, verb="invite_again", subject=f"user/{pk}", by=by, at=at)
        return _render(request, person, problem=str(refused), status=409)
    return _invited(request, person)


def _invited(request: HttpRequest, person: User) -> HttpResponse:
    """Where mails are sent the link goes by mail; else it is shown this once, to be handed over."""
    if invitations.mails_are_sent():
        messages.success(request, _("%(name)s gets a mail with a link.") % {"name": person.name})
        return redirect("settings:user", person.pk)
    context = {"title": _("Invitation for %(name)s") % {"name": person.name}, "person": person}
    return render(request, "settings/invitation.html", context | {"link": invitations.link(person)})


def _decide(
    request: HttpRequest,
    person: User,
    verb: str,
    call: Callable[..., User],
    form: RoleForm | None = None,
) -> HttpResponse:
    who: dict[str, Any] = {"by": request.user.actor, "at": timezone.now()}
    try:
        call(**who)
    except Refused as refused:
        outbox.record_refusal(refused, verb=verb, subject=f"user/{person.pk}", **who)
        if form is not None:
            form.add_error("role", str(refused))
            return _render(request, person, form=form, status=409)
        return _render(request, person, problem=str(refused), status=409)
    messages.success(request, _("Saved."))
    return redirect("settings:user", person.pk)


def _render(
    request: HttpRequest, person: User, *, form: RoleForm | None = None, problem: str = "", status: int = 0
) -> HttpResponse:
    person.refresh_from_db()
    clock = Clock()
    kinds = set(Authenticator.objects.filter(user=person).values_list("type", flat=True))
    context = {
        "title": person.name or person.email,
        "shop": clock.shop,
        "person": person,
        "is_self": person.pk == request.user.pk,
        "last": clock.text(person.last_login),
        "joined": clock.text(person.date_joined),
        "has_factor": Authenticator.Type.TOTP in kinds,
        "has_password": person.has_usable_password(),
        "form": form or RoleForm(initial={"role": person.role}),
        "problem": problem,
        "story": list(_story(person, clock)),
    }
    return render(request, "settings/user.html", context, status=status or (422 if form is not None else 200))


def _story(person: User, clock: Clock) -> list[dict[str, Any]]:
    events = list(Event.objects.filter(stream=f"user/{person.pk}").order_by("-sequence")[:50])
    names = actor_names(event.actor for event in events)
    words = {
        "user.invited": (_("Invited"), "mail"),
        "user.changed": (_("Changed"), "edit"),
        "user.second_factor_reset": (_("Second factor reset"), "lock"),
    }
    fields = {"role": _("role"), "is_active": _("access")}
    told = []
    for event in events:
        what, icon = words.get(event.name, (event.name, ""))
        told.append(
            {
                "what": what,
                "at": clock.text(event.occurred_at),
                "more": ", ".join(fields.get(name, name) for name in event.facts.get("fields", ())),
                "by": names.get(event.actor, event.actor),
                "icon": icon,
            }
        )
    return told


def _what_roles_may() -> list[dict[str, Any]]:
    """The table of `oms.roles`, for whoever gives a role."""
    return [
        {"label": label, "phrases": [phrase for phrase, roles in PERMISSIONS.items() if Role(code) in roles]}
        for code, label in Role.staff_choices()
    ]
