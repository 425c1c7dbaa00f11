"""Drafting, changing and publishing the policy: what counts from when, and what is refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from oms.models import Event
from oms.remembered import forget
from oms.roles import Role
from returns import policy_versions
from returns.models import RMA, PolicyRule, PolicyVersion
from returns.policy import ParametersRefused
from returns.policy.defaults import DEFAULT_RULES, SUGGESTED_RULES
from returns.policy.parameters import KINDS, PARAMETERS
from returns.views.desk.policy_words import say
from tests.builders import a_return, an_order
from tests.staff import staff_client

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BY = "user:1"


@pytest.fixture(autouse=True)
def afresh() -> Any:
    """What a process remembers of policies is of another test's database."""
    forget()
    yield
    forget()


@pytest.fixture
def manager() -> Client:
    return staff_client(Role.MANAGER)


def facts(name: str) -> list[dict[str, Any]]:
    return list(Event.objects.filter(name=name).order_by("pk").values_list("facts", flat=True))


def a_draft() -> PolicyVersion:
    return policy_versions.draft(by=BY, at=NOW)


def everything() -> tuple[Any, ...]:
    return (
        list(PolicyVersion.objects.order_by("pk").values_list("pk", "valid", "title")),
        list(PolicyRule.objects.order_by("pk").values_list("version", "kind", "parameters", "priority", "active")),
        Event.objects.exclude(name="verb.refused").count(),
    )


def the_rule(version: PolicyVersion, kind: str) -> PolicyRule:
    return version.rules.get(kind=kind)


# ── Verbs ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_draft_starts_as_what_is_in_force_and_there_is_one() -> None:
    draft = a_draft()
    assert a_draft().pk == draft.pk
    assert (draft.number, draft.valid) == (2, None)
    for rules, active in ((DEFAULT_RULES, True), (SUGGESTED_RULES, False)):
        copied = list(draft.rules.filter(active=active).order_by("priority").values_list("kind", "parameters"))
        assert copied == [(rule.kind, rule.parameters) for rule in rules]
    assert facts("policy.drafted") == [{"version": "default v2", "copied_from": "default v1"}]


def test_a_published_version_binds_orders_from_then_on() -> None:
    draft = a_draft()
    rule = the_rule(draft, "window")
    policy_versions.save_rule(
        draft.pk, rule_id=rule.pk, kind="window", parameters={"days": 1}, priority=40, active=True, by=BY, at=NOW
    )
    begin = NOW - timedelta(days=4)
    policy_versions.publish(draft.pk, title="One day", by=BY, at=begin)
    forget()
    old, new = an_order(placed_at=begin - timedelta(seconds=1)), an_order(placed_at=begin)
    assert a_return(old).policy.number == 1
    assert a_return(old, at=NOW).status == "approved"
    late = a_return(new)
    assert (late.policy.number, late.status) == (2, "rejected")
    first, second = PolicyVersion.objects.order_by("number")
    assert (first.valid.lower, first.valid.upper) == (None, begin)
    assert (second.valid.lower, second.valid.upper) == (begin, None)
    assert facts("policy.published") == [
        {"version": "default v2", "replaces": "default v1", "valid_from": begin.isoformat()}
    ]


def test_publishing_for_later_leaves_today_alone() -> None:
    draft = a_draft()
    policy_versions.publish(draft.pk, title="From December", valid_from=NOW + timedelta(days=8), by=BY, at=NOW)
    assert PolicyVersion.objects.in_force("default", NOW).number == 1
    assert PolicyVersion.objects.in_force("default", NOW + timedelta(days=8)).number == 2
    early = a_draft()
    with pytest.raises(policy_versions.LaterVersion), transaction.atomic():
        policy_versions.publish(early.pk, title="Too early", valid_from=NOW + timedelta(days=3), by=BY, at=NOW)


def test_backdating_is_refused() -> None:
    draft = a_draft()
    before = everything()
    with pytest.raises(policy_versions.Backdated), transaction.atomic():
        policy_versions.publish(draft.pk, title="x", valid_from=NOW - timedelta(microseconds=1), by=BY, at=NOW)
    assert everything() == before


def test_what_is_published_is_never_changed() -> None:
    version = PolicyVersion.objects.get(number=1)
    rule = the_rule(version, "window")
    before = everything()
    for change in (
        lambda: policy_versions.publish(version.pk, title="x", by=BY, at=NOW),
        lambda: policy_versions.discard(version.pk, by=BY, at=NOW),
        lambda: policy_versions.drop_rule(version.pk, rule.pk, by=BY, at=NOW),
        lambda: policy_versions.save_rule(
            version.pk, kind="window", parameters={"days": 1}, priority=1, active=True, by=BY, at=NOW
        ),
    ):
        with pytest.raises(policy_versions.NotADraft), transaction.atomic():
            change()
    assert everything() == before


def test_a_policy_without_rules_is_refused() -> None:
    draft = a_draft()
    draft.rules.update(active=False)
    with pytest.raises(policy_versions.NoRules), transaction.atomic():
        policy_versions.publish(draft.pk, title="Everything goes", by=BY, at=NOW)


def test_a_rule_of_a_kind_nobody_knows_is_refused() -> None:
    draft = a_draft()
    with pytest.raises(ParametersRefused), transaction.atomic():
        policy_versions.save_rule(draft.pk, kind="free_beer", parameters={}, priority=1, active=True, by=BY, at=NOW)
    PolicyRule.objects.create(version=draft, kind="free_beer")
    with pytest.raises(policy_versions.RuleRefused), transaction.atomic():
        policy_versions.publish(draft.pk, title="x", by=BY, at=NOW)


def test_the_database_itself_refuses_overlapping_versions() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        PolicyVersion.objects.create(number=9, valid=DateTimeTZRange(NOW, None), published_at=NOW)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_rule_is_said_in_words(kind: str) -> None:
    least = {"days": 3, "reasons": ["changed_mind"], "conditions": ["opened"], "value": "5.00", "returns": 4}
    least |= {"allowed": ["refund"], "count": 2, "value_up_to": "8.00", "scope": "same_price"}
    given = {parameter.name: least[parameter.name] for parameter in PARAMETERS[kind] if parameter.required}
    sentence = say(kind, given, {"changed_mind": "I changed my mind"})
    assert sentence.endswith(".")
    assert kind not in sentence
    assert "only for: toys." in say(kind, given | {"categories": ["toys"]}, {}).lower()


# ── Pages ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def page_of(client: Client, name: str, *parts: Any, **form: Any) -> Any:
    return client.post(reverse(f"returns:{name}", args=parts), form)


def test_everybody_who_sees_returns_reads_the_policy_and_few_change_it() -> None:
    draft = a_draft()
    for role in (Role.AGENT, Role.DOCK, Role.FINANCE, Role.AUDITOR):
        client = staff_client(role)
        page = client.get(reverse("returns:policy"))
        assert page.status_code == 200
        assert "Goods can be sent back within 30 days of delivery." in page.content.decode()
        assert reverse("returns:policy_drafts") not in page.content.decode()
        before = everything()
        for answer in (
            page_of(client, "policy_drafts"),
            page_of(client, "policy_new_rule", 2),
            page_of(client, "policy_rule", 2, the_rule(draft, "window").pk, days="1"),
            page_of(client, "policy_rule_removal", 2, the_rule(draft, "window").pk),
            page_of(client, "policy_publication", 2, title="x"),
            page_of(client, "policy_version_removal", 2),
        ):
            assert answer.status_code == 403
        assert everything() == before


def test_from_draft_to_published_in_the_browser(manager: Client) -> None:
    assert page_of(manager, "policy_drafts").url == reverse("returns:policy_version", args=[2])
    draft = PolicyVersion.objects.get(number=2)
    rule = the_rule(draft, "window")
    shown = manager.get(reverse("returns:policy_rule", args=[2, rule.pk]))
    assert shown.context["form"].initial["anchors"] == "delivered, shipped, placed"
    saved = page_of(
        manager, "policy_rule", 2, rule.pk, days="60", anchors="delivered, placed", priority="40", active="on"
    )
    assert saved.status_code == 302
    rule.refresh_from_db()
    assert rule.parameters == {"days": 60, "anchors": ["delivered", "placed"]}
    new = manager.get(reverse("returns:policy_new_rule", args=[2]), {"kind": "customer_history"})
    assert new.status_code == 200
    path = reverse("returns:policy_new_rule", args=[2]) + "?kind=customer_history"
    assert manager.post(path, {"returns": "6", "priority": "85", "active": "on"}).status_code == 302
    assert the_rule(draft, "customer_history").parameters == {"returns": 6}
    assert page_of(manager, "policy_rule_removal", 2, the_rule(draft, "expires_after").pk).status_code == 302
    assert page_of(manager, "policy_publication", 2, title="Sixty days").url == reverse("returns:policy")
    page = manager.get(reverse("returns:policy")).content.decode()
    assert "Goods can be sent back within 60 days of delivery." in page
    assert "A person decides when the customer had more than 6 returns in a year." in page
    assert [fact["change"] for fact in facts("policy.rule_changed")] == ["changed", "added", "removed"]
    assert page_of(manager, "policy_publication", 2, title="Again").status_code == 409


def test_a_draft_is_thrown_away(manager: Client) -> None:
    a_draft()
    assert page_of(manager, "policy_version_removal", 2).status_code == 302
    assert not PolicyVersion.objects.filter(number=2).exists()
    assert page_of(manager, "policy_version_removal", 2).status_code == 404
    assert page_of(manager, "policy_version_removal", 1).status_code == 409


@pytest.mark.parametrize(
    ("kind", "form", "field"),
    [
        ("window", {"days": ""}, "days"),
        ("window", {"days": "-1"}, "days"),
        ("window", {"days": "3651"}, "days"),
        ("window", {"days": "9" * 5000}, "days"),
        ("window", {"days": "thirty"}, "days"),
        ("window", {"days": "30", "anchors": "moon"}, "anchors"),
        ("window", {"days": "30", "anchors": "placed, placed"}, "anchors"),
        ("window", {"days": "30", "severity": "shout"}, "severity"),
        ("window", {"days": "30", "priority": "0"}, "priority"),
        ("window", {"days": "30", "priority": "40000"}, "priority"),
        ("window", {"days": "30", "categories": "x" * 501}, "categories"),
        ("review_above", {"value": ""}, "value"),
        ("review_above", {"value": "-1"}, "value"),
        ("review_above", {"value": "0"}, "value"),
        ("review_above", {"value": "NaN"}, "value"),
        ("review_above", {"value": "1e3"}, "value"),
        ("review_above", {"value": "<script>"}, "value"),
        ("restocking_fee", {"percent": "101"}, "percent"),
        ("restocking_fee", {"percent": "5", "amount": "2"}, "percent"),
        ("restocking_fee", {"percent": "5", "reasons": ["zero\0"]}, "reasons"),
        ("accepted_reasons", {}, "reasons"),
        ("accepted_reasons", {"reasons": ["nobody_said"]}, "reasons"),
        ("refund_at", {"default": "tomorrow"}, "default"),
        ("refund_at", {"rows": "{"}, "rows"),
        ("refund_at", {"rows": '[{"at": "never"}]'}, "rows"),
        ("refund_at", {"rows": '{"at": "scan"}'}, "rows"),
        ("resolutions", {"allowed": ["exchange"]}, "default"),
        ("resolutions", {"allowed": ["refund"], "expired_outcome": "exchange"}, "expired_outcome"),
        ("expires_after", {"days": "0"}, "days"),
        ("customer_history", {"returns": "99999"}, "returns"),
    ],
)
def test_nonsense_is_refused_at_its_field(manager: Client, kind: str, form: dict[str, Any], field: str) -> None:
    draft = a_draft()
    before = everything()
    path = reverse("returns:policy_new_rule", args=[draft.number]) + f"?kind={kind}"
    answer = manager.post(path, {"priority": "10", "active": "on"} | form)
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert everything() == before


@pytest.mark.parametrize("form", [{"title": ""}, {"title": "x" * 121}, {"title": "x", "valid_from": "soon"}])
def test_a_bad_publication_is_refused(manager: Client, form: dict[str, str]) -> None:
    a_draft()
    before = everything()
    assert page_of(manager, "policy_publication", 2, **form).status_code == 422
    assert everything() == before


def test_backdating_is_refused_at_the_field(manager: Client) -> None:
    a_draft()
    before = everything()
    yesterday = (timezone.now() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    answer = page_of(manager, "policy_publication", 2, title="x", valid_from=yesterday)
    assert answer.status_code == 422
    assert list(answer.context["publication_form"].errors) == ["valid_from"]
    assert everything() == before
    assert [fact["code"] for fact in facts("verb.refused")] == ["backdated"]


def test_what_is_not_there_is_a_404(manager: Client) -> None:
    draft = a_draft()
    foreign = the_rule(PolicyVersion.objects.get(number=1), "window")
    for path in (
        reverse("returns:policy_version", args=[77]),
        reverse("returns:policy_version", args=[10**30]),
        reverse("returns:policy_rule", args=[draft.number, 987654321]),
        reverse("returns:policy_rule", args=[draft.number, foreign.pk]),
    ):
        assert manager.get(path).status_code == 404
    assert manager.get(reverse("returns:policy_new_rule", args=[draft.number]), {"kind": "x"}).status_code == 422


# ── A draft on past returns ───────────────────────────────────────────────────────────────────────────────────────


def test_a_draft_is_tried_on_real_returns() -> None:
    now = timezone.now()
    order = an_order(
        placed_at=now - timedelta(days=20), shipped_at=now - timedelta(days=19), delivered_at=now - timedelta(days=18)
    )
    rma = a_return(order, at=now)
    draft = a_draft()
    client = staff_client(Role.MANAGER)
    address = reverse("returns:policy_replay", args=[draft.number])
    assert "None of 1 returns would have gone another way." in client.get(address).content.decode()
    draft.rules.filter(kind="window").update(parameters={"days": 10})
    html = client.get(address).content.decode()
    assert "1 of 1 returns would have gone another way." in html
    assert rma.number in html
    assert "approved, now refused" in html
    assert "−£10.00" in html
    draft.rules.filter(kind="window").update(parameters={"days": 30})
    draft.rules.filter(kind="restocking_fee").update(parameters={"percent": "10"})
    assert "−£1.00" in client.get(address, {"days": "30"}).content.decode()
    assert client.get(address, {"days": "ten"}).status_code == 400
    assert RMA.objects.get().quote["total"] == "10.00"


@pytest.mark.parametrize("role", [Role.AGENT, Role.DOCK, Role.FINANCE, Role.AUDITOR])
def test_who_may_not_try_a_draft(role: Role) -> None:
    assert staff_client(role).get(reverse("returns:policy_replay", args=[1])).status_code == 403
