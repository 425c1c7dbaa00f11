"""Versions of the return policy: drafted, changed, published. What is published is never changed again (R38).

A version binds orders placed from its first moment until the next one's: who bought under the old rules sends back
under the old rules. Each verb records one event on the stream of the market.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from oms import outbox
from oms.refusals import Refused
from oms.remembered import forget
from oms.verbs import verb
from returns import policy
from returns.models import PolicyRule, PolicyVersion

MARKET = "default"


class NotADraft(Refused):
    code = "not_a_draft"
    sentence = _("This version is published and cannot be changed. Start a new draft.")


class Backdated(Refused):
    code = "backdated"
    sentence = _("A policy cannot begin in the past: customers have bought under the one before.")


class LaterVersion(Refused):
    code = "later_version"
    sentence = _("Another version is published for later already. Choose a moment after it begins.")


class NoRules(Refused):
    code = "no_rules"
    sentence = _("A policy without rules would accept everything. Add a rule first.")


class RuleRefused(Refused):
    code = "rule_refused"
    sentence = _("The rule “%(kind)s” cannot be used: %(why)s")


@verb
def draft(*, by: str, at: datetime, market: str = MARKET) -> PolicyVersion:
    """A draft with the rules of the version in force now; the open draft if there is one."""
    _lock(market)
    if found := PolicyVersion.objects.filter(market=market, valid=None).order_by("number").first():
        return found
    origin = PolicyVersion.objects.in_force(market, at)
    newest = PolicyVersion.objects.filter(market=market).aggregate(number=Max("number"))["number"]
    version = PolicyVersion.objects.create(
        market=market, number=newest + 1, title=origin.title, time_zone=origin.time_zone
    )
    PolicyRule.objects.bulk_create(
        PolicyRule(
            version=version, kind=rule.kind, parameters=rule.parameters, priority=rule.priority, active=rule.active
        )
        for rule in origin.rules.order_by("priority", "pk")
    )
    _record(version, "policy.drafted", by=by, at=at, copied_from=str(origin))
    return version


@verb
def save_rule(
    version_id: int,
    *,
    kind: str,
    parameters: Mapping[str, Any],
    priority: int,
    active: bool,
    by: str,
    at: datetime,
    rule_id: int | None = None,
) -> PolicyRule:
    """Add a rule to a draft, or change one of its rules. Raises NotADraft, PolicyRule.DoesNotExist, and
    ParametersRefused with the field that cannot be used."""
    version = _draft(version_id)
    policy.validate(kind, parameters)
    rule = PolicyRule(version=version) if rule_id is None else version.rules.select_for_update().get(pk=rule_id)
    rule.kind, rule.parameters, rule.priority, rule.active = kind, dict(parameters), priority, active
    rule.save()
    _record(
        version,
        "policy.rule_changed",
        by=by,
        at=at,
        rule=rule.pk,
        kind=kind,
        change="added" if rule_id is None else "changed",
    )
    return rule


@verb
def drop_rule(version_id: int, rule_id: int, *, by: str, at: datetime) -> PolicyVersion:
    """Take a rule out of a draft; one that is gone already changes nothing. Raises NotADraft."""
    version = _draft(version_id)
    rule = version.rules.filter(pk=rule_id).first()
    if rule is not None:
        rule.delete()
        _record(version, "policy.rule_changed", by=by, at=at, rule=rule_id, kind=rule.kind, change="removed")
    return version


@verb
def publish(version_id: int, *, title: str, by: str, at: datetime, valid_from: datetime | None = None) -> PolicyVersion:
    """Let a draft bind orders from `valid_from` (now, unless told) on; the version before ends there.

    Raises NotADraft, Backdated, LaterVersion, NoRules, RuleRefused.
    """
    version = _draft(version_id)
    begin = (valid_from or at).astimezone(UTC)
    if begin < at:
        raise Backdated
    _check_rules(version)
    before = PolicyVersion.objects.in_force(version.market, begin)
    if before.valid.upper is not None or (before.valid.lower is not None and before.valid.lower >= begin):
        raise LaterVersion
    before.valid = DateTimeTZRange(before.valid.lower, begin)
    before.save(update_fields=["valid"])
    version.valid, version.published_at, version.title = DateTimeTZRange(begin, None), at, title
    version.save(update_fields=["valid", "published_at", "title"])
    transaction.on_commit(forget)
    _record(version, "policy.published", by=by, at=at, replaces=str(before), valid_from=begin.isoformat())
    return version


@verb
def discard(version_id: int, *, by: str, at: datetime) -> None:
    """Throw a draft away. Raises NotADraft."""
    version = _draft(version_id)
    _record(version, "policy.discarded", by=by, at=at)
    version.delete()


def _lock(market: str) -> None:
    """One change of a market's policy at a time."""
    list(PolicyVersion.objects.select_for_update().filter(market=market).order_by("pk").values_list("pk"))


def _draft(version_id: int) -> PolicyVersion:
    market = PolicyVersion.objects.values_list("market", flat=True).get(pk=version_id)
    _lock(market)
    version = PolicyVersion.objects.get(pk=version_id)
    if version.valid is not None:
        raise NotADraft
    return version


def _check_rules(version: PolicyVersion) -> None:
    rules = list(version.rules.filter(active=True))
    if not rules:
        raise NoRules
    for rule in rules:
        try:
            policy.validate(rule.kind, rule.parameters)
        except policy.ParametersRefused as refused:
            raise RuleRefused(kind=rule.kind, why=str(refused)) from None


def _record(version: PolicyVersion, name: str, *, by: str, at: datetime, **facts: Any) -> None:
    outbox.record_on(f"policy/{version.market}", name, by=by, at=at, version=str(version), **facts)
