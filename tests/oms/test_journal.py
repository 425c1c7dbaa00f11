from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Sum

from oms import journal
from oms.journal import Account
from oms.models import JournalEntry, Posting
from tests.builders import NOON
from tests.tampering import triggers_off

pytestmark = pytest.mark.django_db


def post(cause: str, *postings: tuple[Account, str], currency: str = "GBP") -> JournalEntry:
    return journal.post(cause, [(account, Decimal(amount)) for account, amount in postings], currency=currency, at=NOON)


def test_an_entry_is_booked_whole() -> None:
    entry = post("capture/1", (Account.PROVIDER, "12.00"), (Account.SALES, "-10.00"), (Account.SALES_TAX, "-2.00"))
    assert list(entry.postings.order_by("pk").values_list("account", "amount", "currency")) == [
        ("provider", Decimal("12.00"), "GBP"),
        ("sales", Decimal("-10.00"), "GBP"),
        ("sales_tax", Decimal("-2.00"), "GBP"),
    ]


def test_amounts_of_zero_are_left_out() -> None:
    entry = post("capture/1", (Account.PROVIDER, "12.00"), (Account.SALES, "-12.00"), (Account.SALES_TAX, "0"))
    assert entry.postings.count() == 2


@pytest.mark.parametrize("amount", ["-11.99", "-12.01", "12.00", "-0.001"])
def test_an_entry_that_is_not_zero_is_refused_by_the_database(amount: str) -> None:
    with pytest.raises(IntegrityError, match="does not sum to zero"), transaction.atomic():
        post("capture/1", (Account.PROVIDER, "12.00"), (Account.SALES, amount))
    assert (JournalEntry.objects.count(), Posting.objects.count()) == (0, 0)


def test_two_currencies_never_balance_each_other() -> None:
    entry = post("capture/1", (Account.PROVIDER, "1.00"), (Account.SALES, "-1.00"))
    with pytest.raises(IntegrityError, match="does not sum to zero"), transaction.atomic():
        Posting.objects.bulk_create(
            [
                Posting(entry=entry, account=Account.PROVIDER, amount=Decimal(1), currency="GBP"),
                Posting(entry=entry, account=Account.SALES, amount=Decimal(-1), currency="EUR"),
            ]
        )


def test_a_cause_is_booked_once() -> None:
    post("capture/1", (Account.PROVIDER, "1.00"), (Account.SALES, "-1.00"))
    with pytest.raises(IntegrityError, match="cause"), transaction.atomic():
        post("capture/1", (Account.PROVIDER, "1.00"), (Account.SALES, "-1.00"))
    assert JournalEntry.objects.count() == 1


@pytest.mark.parametrize("model", [JournalEntry, Posting])
def test_what_is_booked_is_never_changed(model: type[JournalEntry | Posting]) -> None:
    post("capture/1", (Account.PROVIDER, "1.00"), (Account.SALES, "-1.00"))
    before = list(model.objects.order_by("pk").values())
    change = {"cause": "other"} if model is JournalEntry else {"amount": Decimal(2)}
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        model.objects.update(**change)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Posting.objects.all().delete()
    assert list(model.objects.order_by("pk").values()) == before


def test_without_the_trigger_it_could_be_changed() -> None:
    """So it is the database that refuses, whoever asks."""
    post("capture/1", (Account.PROVIDER, "1.00"), (Account.SALES, "-1.00"))
    with triggers_off():
        Posting.objects.filter(account=Account.SALES).update(amount=Decimal(-2))
    assert Posting.objects.aggregate(sum=Sum("amount"))["sum"] == Decimal(-1)
