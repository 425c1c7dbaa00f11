"""Who bought under old terms sends back under them: no later price, tax, promotion or policy changes a quote (p35)."""

from datetime import timedelta
from decimal import Decimal as D

import pytest
from django.utils import timezone

from inventory.models import Condition
from oms.models import Product
from refunds.pricing import price_return
from returns import policy_versions
from returns.eligibility import preview
from returns.lifecycle import Wanted
from returns.models import ReturnReason
from tests.builders import Sold
from tests.journeys import traveler as on
from tests.policies import a_rule
from tests.sandbox import Sandbox

pytestmark = pytest.mark.django_db


def change_everything() -> None:
    """A new price, another tax, another policy with fees, conditions that pay half: all from now on."""
    Product.objects.update(price=D("999.00"), is_final_sale=True)
    now = timezone.now()
    draft = policy_versions.draft(by="user:1", at=now)
    changed = {
        "restocking_fee": {"percent": "50"},
        "window": {"days": 1},
        "free_label": {"fee": "9.99"},
        "resolutions": {"allowed": ["store_credit"], "default": "store_credit"},
    }
    for rule in draft.rules.filter(kind__in=changed):
        policy_versions.save_rule(
            draft.pk, rule_id=rule.pk, kind=rule.kind, parameters=changed[rule.kind], priority=rule.priority,
            active=True, by="user:1", at=now,
        )  # fmt: skip
    policy_versions.publish(draft.pk, title="Harsher", by="user:1", at=now)


def test_an_order_of_before_is_quoted_as_before(vendors: Sandbox) -> None:
    order = on.an_order_paid_at(vendors, Sold(quantity=3, gross="27.50", tax="4.58"))
    wanted = [Wanted(order.lines.get().pk, 2, "changed_mind", "opened")]

    def quoted() -> dict[str, object]:
        found = preview(order, wanted, resolution="refund", price=price_return, at=timezone.now())
        return {"quote": found.quote, "verdict": found.decision.verdict, "version": found.decision.version}

    before = quoted()
    change_everything()
    assert quoted() == before
    later = on.an_order_paid_at(vendors, placed_at=timezone.now(), shipped_at=timezone.now(), delivered_at=None)
    at_new_terms = preview(
        later, [Wanted(later.lines.get().pk, 1, "changed_mind", "opened")],
        resolution="store_credit", price=price_return, at=timezone.now() + timedelta(minutes=1),
    )  # fmt: skip
    assert [at_new_terms.decision.version, at_new_terms.quote["fees_total"]] == [2, "10.00"]


def test_a_promise_is_kept_whatever_changes_on_the_way(vendors: Sandbox) -> None:
    a_rule("restocking_fee", percent="10", maximum="5.00", tax_rate="20")
    order = on.an_order_paid_at(vendors, Sold(quantity=3, gross="27.50", tax="4.58"))
    rma = on.ask(order, Wanted(order.lines.get().pk, 3, "changed_mind", "used"))
    promised = rma.quote["total"]
    change_everything()
    Condition.objects.update(payout_percent=D(1))
    ReturnReason.objects.update(is_our_fault=True)
    on.travel(vendors, rma)
    on.inspect(rma, on.arrive(rma), "used")
    assert on.status(rma) == ("closed", "settled")
    assert on.paid(order) == D(promised) == on.paid_by_provider(vendors, order)
    assert on.books_balance()
