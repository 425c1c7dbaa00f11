"""What T2 asks of store credit: set aside, spent, freed, given back, given by hand; each eight times at once."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

from tests.proofs.identical import Identical


def story() -> Any:
    """One credit from its grant to its return, each step as an Identical."""
    from refunds import lifecycle
    from refunds.models import StoreCreditEntry
    from refunds.store_credit import Category, EntryKind
    from tests.builders import NOON, a_customer
    from tests.refunds.cases import DOCK, people

    people()
    customer, token, cause = a_customer(), uuid4(), f"proof/{uuid4()}"
    how = {"cause": cause, "by": DOCK, "at": NOON}

    def count(kind: EntryKind) -> int:
        return StoreCreditEntry.objects.filter(account__customer=customer, kind=kind).count()

    def give() -> str:
        given = lifecycle.offer_credit(
            customer, Decimal(20), "GBP", category=Category.GIFT, reason="proof", form_token=token, by=DOCK, at=NOON
        )
        return given.reference

    yield Identical("credit given", give, lambda: count(EntryKind.GRANT))
    account = customer.store_credits.get()

    def spend() -> str:
        return lifecycle.spend(customer, Decimal(12), "GBP", **how).reference

    yield Identical("credit spent", spend, lambda: count(EntryKind.CAPTURE))
    spent = StoreCreditEntry.objects.get(account=account, kind=EntryKind.CAPTURE)

    def release() -> str:
        return lifecycle.release(spent.reference, Decimal(5), **how).reference

    yield Identical("credit given back", release, lambda: count(EntryKind.RELEASE))
    held = lifecycle.authorize(account.number, Decimal(3), "GBP", customer=customer, **how | {"cause": f"{cause}/2"})

    def void() -> str:
        return lifecycle.void(held.reference, **how).reference

    yield Identical("credit freed", void, lambda: count(EntryKind.VOID))
