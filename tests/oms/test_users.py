"""Staff: invited, given a role, shut out; two factors, and few wrong tries."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.core import mail
from django.test import Client
from django.urls import reverse

from oms import invitations, log_ins, tasks, users
from oms.demo.people import code_to_enter
from oms.models import Event, User
from oms.roles import Role
from tests.staff import a_member, staff_client

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SECRET = "JBSWY3DPEHPK3PXP"
PASSWORD = "seventeen brown horses"
STAFF = [role for role in Role if role != Role.CUSTOMER]


@pytest.fixture(autouse=True)
def only_our_limits(settings: Any) -> None:
    """Without the limits of allauth: they live in the cache, which may be away and outlives a test."""
    settings.ACCOUNT_RATE_LIMITS = False


def facts(name: str) -> list[dict[str, Any]]:
    return list(Event.objects.filter(name=name).order_by("pk").values_list("facts", flat=True))


def invite(client: Client, **form: str) -> Any:
    given = {"name": "Nia New", "email": "nia@staff.example", "role": "agent"} | form
    return client.post(reverse("settings:users"), given)


# ── Inviting ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_invitation_shows_its_link_once_where_no_mail_is_sent() -> None:
    client = staff_client(Role.ADMINISTRATOR)
    answer = invite(client)
    person = User.objects.get(email="nia@staff.example")
    link = re.search(r"http://[^\s<]+/accounts/password/reset/key/[^\s<]+", answer.content.decode())
    assert link is not None
    assert (person.role, person.name, person.has_usable_password()) == ("agent", "Nia New", False)
    assert facts("user.invited") == [{"user": person.pk, "role": "agent"}]
    assert "reset/key" not in client.get(reverse("settings:user", args=[person.pk])).content.decode()
    assert mail.outbox == []


def test_an_invitation_is_mailed_where_mails_are_sent(settings: Any) -> None:
    settings.EMAIL_URL = "smtp://mail.example"
    answer = invite(staff_client(Role.ADMINISTRATOR))
    person = User.objects.get(email="nia@staff.example")
    assert answer.url == reverse("settings:user", args=[person.pk])
    tasks.mail_invitation(Event.objects.get(name="user.invited"))
    (sent,) = mail.outbox
    assert sent.to == ["nia@staff.example"]
    token = r"[0-9a-z]+-[0-9a-f]+"  # it holds the second it was made in
    assert re.search(rf"{re.escape(invitations.link(person).rpartition('/key/')[0])}/key/\S+?-{token}/", sent.body)
    assert "Hello Nia," in sent.body


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "a\nBcc: b"}, "name"),
        ({"email": ""}, "email"),
        ({"email": "not a mail"}, "email"),
        ({"email": "x" * 250 + "@a.bc"}, "email"),
        ({"email": "administrator@staff.example"}, "email"),
        ({"email": "ADMINISTRATOR@STAFF.EXAMPLE"}, "email"),
        ({"role": ""}, "role"),
        ({"role": "customer"}, "role"),
        ({"role": "root"}, "role"),
    ],
)
def test_a_bad_invitation_is_refused_at_its_field(form: dict[str, str], field: str) -> None:
    client = staff_client(Role.ADMINISTRATOR)
    answer = invite(client, **form)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert User.objects.count() == 1
    assert facts("user.invited") == []


@pytest.mark.parametrize("role", [role for role in STAFF if role != Role.ADMINISTRATOR])
def test_only_administrators_manage_people(role: Role) -> None:
    client, other = staff_client(role), a_member(Role.ADMINISTRATOR)
    for name in ("user", "user_role", "user_access", "user_second_factor", "user_invitation"):
        assert client.post(reverse(f"settings:{name}", args=[other.pk])).status_code in (403, 405)
    assert client.get(reverse("settings:user", args=[other.pk])).status_code == 403
    assert invite(client).status_code == 403
    assert facts("user.invited") == []


# ── Roles and access ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_role_is_given_and_counts_at_once() -> None:
    client, agent = staff_client(Role.ADMINISTRATOR), a_member(Role.AGENT)
    theirs = staff_client(Role.AGENT)
    assert theirs.get(reverse("returns:policy")).status_code == 200
    assert theirs.get(reverse("settings:shop")).status_code == 403
    answer = client.post(reverse("settings:user_role", args=[agent.pk]), {"role": "manager"})
    assert answer.url == reverse("settings:user", args=[agent.pk])
    assert facts("user.changed") == [{"user": agent.pk, "fields": ["role"]}]
    assert theirs.get(reverse("settings:shop")).status_code == 200
    client.post(reverse("settings:user_role", args=[agent.pk]), {"role": "manager"})
    assert len(facts("user.changed")) == 1


@pytest.mark.parametrize("role", ["", "customer", "x" * 5000, "manager\0"])
def test_an_unknown_role_changes_nothing(role: str) -> None:
    agent = a_member(Role.AGENT)
    answer = staff_client(Role.ADMINISTRATOR).post(reverse("settings:user_role", args=[agent.pk]), {"role": role})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["role"]
    agent.refresh_from_db()
    assert agent.role == Role.AGENT


def test_disabling_ends_open_sessions_and_enabling_lets_in_again() -> None:
    client, agent = staff_client(Role.ADMINISTRATOR), a_member(Role.AGENT)
    theirs, address = staff_client(Role.AGENT), reverse("settings:user_access", args=[agent.pk])
    assert client.post(address, {"access": "disable"}).status_code == 302
    assert theirs.get(reverse("returns:list")).url.startswith("/accounts/login/")
    assert client.post(reverse("settings:user_invitation", args=[agent.pk])).status_code == 409
    assert client.post(address, {"access": "enable"}).status_code == 302
    assert staff_client(Role.AGENT).get(reverse("returns:list")).status_code == 200
    assert facts("user.changed") == [{"user": agent.pk, "fields": ["is_active"]}] * 2
    assert client.post(address, {"access": "maybe"}).status_code == 422


def test_nobody_shuts_themselves_out() -> None:
    client, own = staff_client(Role.ADMINISTRATOR), a_member(Role.ADMINISTRATOR)
    User.objects.create_user("second@staff.example", "x", name="Second", role=Role.ADMINISTRATOR)
    tries = [
        ("user_role", {"role": "agent"}),
        ("user_access", {"access": "disable"}),
        ("user_second_factor", {}),
    ]
    for name, form in tries:
        answer = client.post(reverse(f"settings:{name}", args=[own.pk]), form)
        assert answer.status_code == 409
        assert "your own account" in answer.content.decode()
    own.refresh_from_db()
    assert (own.role, own.is_active) == (Role.ADMINISTRATOR, True)
    assert [one["code"] for one in facts("verb.refused")] == ["own_account"] * 3


def test_the_last_administrator_stays() -> None:
    last = a_member(Role.ADMINISTRATOR)
    for verb in (
        lambda: users.disable(last.pk, by="system", at=NOW),
        lambda: users.change_role(last.pk, "agent", by="system", at=NOW),
    ):
        with pytest.raises(users.LastAdministrator):
            verb()
    second = User.objects.create_user("second@staff.example", "x", name="Second", role=Role.ADMINISTRATOR)
    users.disable(last.pk, by=second.actor, at=NOW)
    with pytest.raises(users.LastAdministrator):
        users.disable(second.pk, by="system", at=NOW)


def test_a_second_factor_is_reset_with_its_sessions() -> None:
    agent = a_member(Role.AGENT)
    TOTP.activate(agent, SECRET)
    theirs = staff_client(Role.AGENT)
    client = staff_client(Role.ADMINISTRATOR)
    assert client.post(reverse("settings:user_second_factor", args=[agent.pk])).status_code == 302
    assert not Authenticator.objects.filter(user=agent).exists()
    assert theirs.get(reverse("returns:list")).url.startswith("/accounts/login/")
    assert facts("user.second_factor_reset") == [{"user": agent.pk}]


def test_somebody_who_is_not_there_is_a_404() -> None:
    client = staff_client(Role.ADMINISTRATOR)
    assert client.get(reverse("settings:user", args=[987654321])).status_code == 404
    assert client.post(reverse("settings:user_role", args=[987654321]), {"role": "agent"}).status_code == 404


# ── The first log-in ──────────────────────────────────────────────────────────────────────────────────────────────


def test_from_invitation_to_work() -> None:
    """Invited → password → log-in → second factor set up → recovery codes → work; then again with the code."""
    admin = staff_client(Role.ADMINISTRATOR)
    shown = invite(admin, role="manager").content.decode()
    link = re.search(r"http://[^/]+(/accounts/password/reset/key/[^\s<]+)", shown).group(1)  # type: ignore[union-attr]
    person = Client()
    page = person.get(link, follow=True)
    assert page.status_code == 200
    done = person.post(page.request["PATH_INFO"], {"password1": PASSWORD, "password2": PASSWORD}, follow=True)
    assert "Your password is set" in done.content.decode()
    assert "no longer works" in Client().get(link, follow=True).content.decode()

    answer = log_in(person, "nia@staff.example", PASSWORD, follow=True)
    assert answer.request["PATH_INFO"] == reverse("mfa_index")  # nothing else is open without a second factor
    setup = person.get(reverse("mfa_activate_totp"))
    assert setup.status_code == 200
    secret = setup.context["form"].secret
    before = person.session.session_key
    codes = person.post(reverse("mfa_activate_totp"), {"code": code_to_enter(secret)}, follow=True)
    assert codes.request["PATH_INFO"] == reverse("mfa_view_recovery_codes")
    recovery = codes.context["unused_codes"]
    assert len(recovery) == 10
    assert person.session.session_key != before
    assert person.get(reverse("settings:shop")).status_code == 200

    again = Client()
    answer = log_in(again, "nia@staff.example", PASSWORD)
    assert answer.url == reverse("mfa_authenticate")
    assert again.get(reverse("settings:shop")).url.startswith("/accounts/login/")
    assert again.post(answer.url, {"code": recovery[0]}).url == "/staff/"
    assert again.get(reverse("settings:shop")).status_code == 200
    nia = User.objects.get(email="nia@staff.example")
    log_ins = Event.objects.filter(stream=f"log-in/{nia.pk}").order_by("sequence")
    assert [(one.name, one.actor, one.facts) for one in log_ins] == [
        ("user.logged_in", nia.actor, {"user": nia.pk})
    ] * 2
    once_more = Client()
    log_in(once_more, "nia@staff.example", PASSWORD)
    used = once_more.post(reverse("mfa_authenticate"), {"code": recovery[0]})
    assert used.status_code == 200
    assert "code" in used.context["form"].errors


def log_in(client: Client, email: str, password: str, *, address: str = "192.0.2.1", follow: bool = False) -> Any:
    form = {"login": email, "password": password}
    return client.post(reverse("account_login"), form, REMOTE_ADDR=address, follow=follow)


def test_a_short_password_is_refused() -> None:
    invite(staff_client(Role.ADMINISTRATOR))
    link = invitations.link(User.objects.get(email="nia@staff.example"))
    client = Client()
    page = client.get(link.partition("/accounts")[1] + link.partition("/accounts")[2], follow=True)
    answer = client.post(page.request["PATH_INFO"], {"password1": "short", "password2": "short"})
    assert "password1" in answer.context["form"].errors or "password2" in answer.context["form"].errors
    assert not User.objects.get(email="nia@staff.example").has_usable_password()


# ── Wrong passwords ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def victim() -> User:
    return User.objects.create_user("vic@staff.example", PASSWORD, name="Vic", role=Role.AGENT)


def judged(answer: Any) -> bool:
    """Whether the password was compared at all."""
    return "Too many wrong tries" not in answer.content.decode()


def test_ten_wrong_passwords_are_judged_and_the_right_one_not_any_more(victim: User) -> None:
    answers = [log_in(Client(), victim.email, f"wrong {number}") for number in range(14)]
    assert [judged(answer) for answer in answers] == [True] * 10 + [False] * 4
    assert not judged(log_in(Client(), victim.email.upper(), PASSWORD))


def test_guessing_from_many_addresses_is_stopped_too(victim: User) -> None:
    answers = [log_in(Client(), victim.email, "wrong", address=f"198.51.100.{number}") for number in range(14)]
    assert [judged(answer) for answer in answers] == [True] * 10 + [False] * 4


def test_who_is_guessed_at_still_gets_in_from_where_they_work(victim: User) -> None:
    assert log_in(Client(), victim.email, PASSWORD, address="203.0.113.7").status_code == 302
    for number in range(14):
        log_in(Client(), victim.email, f"wrong {number}", address="198.51.100.1")
    assert log_in(Client(), victim.email, PASSWORD, address="203.0.113.7").status_code == 302
    assert not judged(log_in(Client(), victim.email, PASSWORD, address="198.51.100.1"))


def test_other_accounts_are_not_shut_out(victim: User) -> None:
    other = User.objects.create_user("other@staff.example", PASSWORD, name="Other", role=Role.AGENT)
    for number in range(14):
        log_in(Client(), victim.email, f"wrong {number}")
    assert log_in(Client(), other.email, PASSWORD).status_code == 302


def test_one_address_cannot_go_through_all_accounts() -> None:
    answers = [log_in(Client(), f"{number}@staff.example", "wrong") for number in range(33)]
    assert [judged(answer) for answer in answers] == [True] * 30 + [False] * 3


def test_tries_are_forgotten_after_a_quarter_of_an_hour() -> None:
    for second in range(10):
        log_ins.begin("a", address="x", at=NOW + timedelta(seconds=second))
    with pytest.raises(log_ins.TooManyTries):
        log_ins.begin("a", address="x", at=NOW + timedelta(minutes=14, seconds=59))
    log_ins.begin("a", address="x", at=NOW + timedelta(minutes=15))
    with pytest.raises(log_ins.TooManyTries):
        log_ins.begin("a", address="x", at=NOW + timedelta(minutes=15))


def test_a_right_try_counts_for_nothing() -> None:
    for _number in range(30):
        log_ins.forgive(log_ins.begin("a", address="x", at=NOW))


def test_ten_wrong_codes_are_judged(victim: User) -> None:
    TOTP.activate(victim, SECRET)
    client = Client()
    log_in(client, victim.email, PASSWORD)
    answers = [client.post(reverse("mfa_authenticate"), {"code": "000000"}) for _number in range(12)]
    assert [judged(answer) for answer in answers] == [True] * 10 + [False] * 2
    right = client.post(reverse("mfa_authenticate"), {"code": code_to_enter(SECRET)})
    assert not judged(right)


def test_without_a_second_factor_no_page_opens() -> None:
    client = staff_client(Role.ADMINISTRATOR, second_factor=False)
    for name in ("settings:shop", "settings:users", "settings:jobs", "returns:list", "returns:review"):
        assert client.get(reverse(name)).url == reverse("mfa_index")


def test_forgetting_a_password_tells_nobody_who_works_here() -> None:
    a_member(Role.AGENT)
    answers = [
        Client().post(reverse("account_reset_password"), {"email": email})
        for email in ("agent@staff.example", "nobody@staff.example")
    ]
    assert [(answer.status_code, answer.url) for answer in answers] == [
        (302, reverse("account_reset_password_done"))
    ] * 2
