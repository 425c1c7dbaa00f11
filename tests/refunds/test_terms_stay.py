"""A changed price, cost, kind of product, tax rate or policy after the purchase changes no quote of an old order."""

import os
import random
from datetime import timedelta
from decimal import Decimal as D
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from oms.models import Order, Product
from refunds.pricing import price_return
from returns import policy_versions
from returns.eligibility import Wanted, preview
from tests.builders import NOON, Sold, an_order
from tests.properties import thorough

LATER = NOON + timedelta(days=1)
FEW = settings(thorough, max_examples=int(os.environ.get("HOMEWARD_EXAMPLES", "20")))  # each publishes a policy


def an_old_order() -> tuple[Order, list[Wanted]]:
    lines = [Sold(sku="A", quantity=3, gross="27.50", tax="4.58"), Sold(sku="B", quantity=2, gross="9.99", tax="0.48")]
    order = an_order(lines=lines, provider_id=f"pi_{uuid4().hex}")
    return order, [Wanted(line.pk, 1, "changed_mind", "opened") for line in order.lines.order_by("position")]


def quoted(order: Order, wanted: list[Wanted]) -> dict[str, Any]:
    found = preview(order, wanted, resolution="refund", price=price_return, at=LATER + timedelta(hours=1))
    return {"quote": found.quote, "verdict": found.decision.verdict, "version": found.decision.version}


def change(rnd: random.Random) -> None:
    """Some of what a shop changes over time, from now on."""
    if rnd.random() < 0.8:
        Product.objects.update(
            price=D(rnd.randint(0, 10**6)) / 100, standard_cost=D(rnd.randint(0, 10**5)) / 100,
            is_final_sale=rnd.random() < 0.5, category=rnd.choice(["kitchen", "books", ""]),
        )  # fmt: skip
    if rnd.random() < 0.3:
        # What is sold from now on at another rate is another order.
        an_order(lines=[Sold(sku="A", gross="10.00", tax="0.91", tax_rate="10")], placed_at=LATER, customer=None)
    draft = policy_versions.draft(by="user:1", at=LATER)
    terms = {
        "restocking_fee": {"percent": str(rnd.randint(0, 100))},
        "window": {"days": rnd.randint(0, 400)},
        "free_label": {"fee": f"{rnd.randint(0, 2_000) / 100:.2f}"},
        "review_above": {"value": str(rnd.randint(1, 900))},
        "resolutions": {"allowed": ["store_credit"], "default": "store_credit"},
    }
    for rule in draft.rules.filter(kind__in=rnd.sample(sorted(terms), rnd.randint(1, len(terms)))):
        policy_versions.save_rule(
            draft.pk, rule_id=rule.pk, kind=rule.kind, parameters=terms[rule.kind], priority=rule.priority,
            active=rnd.random() < 0.8, by="user:1", at=LATER,
        )  # fmt: skip
    policy_versions.publish(draft.pk, title="Other terms", by="user:1", at=LATER)


@pytest.mark.hypothesis
@pytest.mark.django_db
def test_no_later_change_touches_the_quote_of_an_old_order() -> None:
    order, wanted = an_old_order()
    before = quoted(order, wanted)

    @FEW
    @given(st.integers(2**40, 2**60))
    def whatever_changes(seed: int) -> None:
        with transaction.atomic():
            change(random.Random(seed))
            assert quoted(order, wanted) == before
            transaction.set_rollback(True)

    whatever_changes()
