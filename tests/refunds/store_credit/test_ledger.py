"""The verbs of store credit, and the database behind them."""

import random
from datetime import timedelta
from decimal import Decimal as D

import pytest
from django.db import DatabaseError, transaction
from django.db.models import F, Sum

from oms.models import Event, JournalEntry
from oms.money import MoneyError
from oms.outbox import broken_links
from oms.refusals import Refused
from refunds import lifecycle
from refunds.models import StoreCreditEntry, StoreCreditGrant, StoreCreditPart
from refunds.refusals import NotPositive, ReasonMissing
from refunds.store_credit import Category, EntryKind
from refunds.store_credit.refusals import (
    CauseTaken,
    CreditExpired,
    ForeignCredit,
    MoreThanLeft,
    MoreThanWasTaken,
    NobodysCredit,
    NoSuchCredit,
    NoSuchEntry,
    NotEnoughCredit,
    NothingLeftOfIt,
    OtherCurrency,
    StillSetAside,
)
from refunds.tasks import expire_store_credit
from tests.builders import NOON, a_customer
from tests.refunds.store_credit.cases import DESK, LATER, by_entries, remaining, some_credit

pytestmark = pytest.mark.django_db
SAID = {"by": DESK, "at": LATER}


def sums(grant: StoreCreditGrant) -> tuple[D, D, D]:
    grant.refresh_from_db()
    return grant.amount, grant.used, grant.authorized


def postings(cause: str) -> list[tuple[str, D]]:
    return list(JournalEntry.objects.get(cause=cause).postings.order_by("pk").values_list("account", "amount"))


# ── Giving ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_grant_is_an_entry_an_event_and_a_posting() -> None:
    account = some_credit("10.00")
    [grant] = account.grants.all()
    assert sums(grant) == (D("10"), 0, 0)
    assert grant.expires_at == NOON.replace(hour=0) + timedelta(days=366)
    [event] = Event.objects.filter(stream=account.stream)
    assert (event.name, event.facts["amount"], event.facts["entry"]) == (
        "store_credit.granted",
        "10.00",
        f"{account.number}/1",
    )
    assert postings(f"store_credit/{account.number}/1") == [("goodwill", D("10")), ("store_credit", D("-10"))]


def test_the_customers_own_money_never_expires_by_default() -> None:
    assert some_credit("10.00", category=Category.REFUND).grants.get().expires_at is None


def test_one_account_per_customer_and_currency() -> None:
    customer = a_customer()
    first = some_credit("10.00", customer)
    assert some_credit("5.00", customer) == first
    assert some_credit("500", customer, currency="JPY") != first
    assert (remaining(first), first.grants.count()) == (D("15"), 2)


def test_the_same_cause_gives_once() -> None:
    customer = a_customer()
    again = [
        lifecycle.grant_credit(customer, D("10"), "GBP", category=Category.GIFT, cause="gift/1", **SAID)
        for _ in range(3)
    ]
    assert len(set(again)) == 1
    assert remaining(again[0].account) == D("10")
    with pytest.raises(CauseTaken):
        lifecycle.grant_credit(customer, D("11"), "GBP", category=Category.GIFT, cause="gift/1", **SAID)
    with pytest.raises(CauseTaken):
        lifecycle.grant_credit(a_customer(), D("10"), "GBP", category=Category.GIFT, cause="gift/1", **SAID)


@pytest.mark.parametrize(
    ("amount", "currency", "refusal"),
    [
        ("0", "GBP", NotPositive),
        ("-1", "GBP", NotPositive),
        ("1.001", "GBP", MoneyError),
        ("1.5", "JPY", MoneyError),
        ("1", "XXQ", MoneyError),
    ],
)
def test_amounts_that_are_none_are_refused(amount: str, currency: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        lifecycle.grant_credit(a_customer(), D(amount), currency, category=Category.GIFT, cause="gift/1", **SAID)
    assert StoreCreditEntry.objects.count() == 0


def test_nobody_has_no_credit() -> None:
    with pytest.raises(NobodysCredit):
        lifecycle.grant_credit(None, D("1"), "GBP", category=Category.GIFT, cause="gift/1", **SAID)


# ── Spending ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_set_aside_spent_freed_and_given_back() -> None:
    account = some_credit("10.00")
    grant, customer = account.grants.get(), account.customer
    held = lifecycle.authorize(account.number, D("6"), "GBP", customer=customer, cause="order/1", **SAID)
    assert sums(grant) == (D("10"), 0, D("6"))
    spent = lifecycle.capture(held.reference, amount=D("4"), cause="order/1", **SAID)
    assert sums(grant) == (D("10"), D("4"), D("2"))
    lifecycle.void(held.reference, cause="order/1", **SAID)
    assert sums(grant) == (D("10"), D("4"), 0)
    lifecycle.release(spent.reference, D("1.50"), cause="refund/1", **SAID)
    assert sums(grant) == (D("10"), D("2.50"), 0)
    assert by_entries(account) == remaining(account) == D("7.50")
    names = [event.name for event in Event.objects.filter(stream=account.stream).order_by("sequence")]
    assert [name.partition(".")[2] for name in names] == ["granted", "authorized", "captured", "voided", "released"]
    assert broken_links(Event.objects.filter(stream=account.stream).order_by("sequence")) == []


def test_every_step_repeated_with_its_cause_is_the_same_step() -> None:
    account = some_credit("10.00")
    for _ in range(3):
        held = lifecycle.authorize(account.number, D("6"), "GBP", customer=account.customer, cause="o/1", **SAID)
        spent = lifecycle.capture(held.reference, amount=D("4"), cause="o/1", **SAID)
        freed = lifecycle.void(held.reference, cause="o/1", **SAID)
        back = lifecycle.release(spent.reference, D("4"), cause="refund/1", **SAID)
    assert [one.reference[-1] for one in (held, spent, freed, back)] == ["2", "3", "4", "5"]
    assert (StoreCreditEntry.objects.count(), remaining(account)) == (5, D("10"))


def test_several_grants_pay_together_and_get_it_back_in_turn() -> None:
    customer = a_customer()
    own = some_credit("5.00", customer, category=Category.REFUND).grants.get()
    gift = some_credit("5.00", customer, category=Category.GIFT).grants.get(category=Category.GIFT)
    kind = some_credit("5.00", customer, category=Category.GOODWILL).grants.get(category=Category.GOODWILL)
    spent = lifecycle.spend(customer, D("12"), "GBP", cause="order/1", **SAID)
    assert [one.used for one in (kind, gift, own) if sums(one)] == [D("5"), D("5"), D("2")]
    lifecycle.release(spent.reference, D("3"), cause="refund/1", **SAID)
    assert [one.used for one in (kind, gift, own) if sums(one)] == [D("5"), D("4"), D("0")]
    with pytest.raises(MoreThanWasTaken):
        lifecycle.release(spent.reference, D("9.01"), cause="refund/2", **SAID)
    lifecycle.release(spent.reference, D("9"), cause="refund/2", **SAID)
    assert remaining(own.account) == D("15")


def test_what_an_order_holds_nobody_else_spends() -> None:
    account = some_credit("10.00")
    lifecycle.authorize(account.number, D("6"), "GBP", customer=account.customer, cause="order/1", **SAID)
    with pytest.raises(NotEnoughCredit) as refused:
        lifecycle.spend(account.customer, D("4.01"), "GBP", cause="order/2", **SAID)
    assert str(refused.value) == f"Store credit {account.number}: 4.01 asked for, 4.00 left to spend."
    lifecycle.spend(account.customer, D("4"), "GBP", cause="order/2", **SAID)
    assert remaining(account) == 0


def test_what_comes_back_can_be_spent_for_thirty_days_at_least() -> None:
    account = some_credit("10.00")
    grant = account.grants.get()
    soon = grant.expires_at - timedelta(days=2)
    spent = lifecycle.spend(account.customer, D("10"), "GBP", cause="order/1", by=DESK, at=soon)
    late = grant.expires_at + timedelta(days=40)
    lifecycle.release(spent.reference, D("4"), cause="refund/1", by=DESK, at=late)
    grant.refresh_from_db()
    assert grant.expires_at == late.replace(hour=0) + timedelta(days=31)
    assert grant.spendable(late + timedelta(days=30)) == D("4")


def test_what_ends_soon_is_told_once_and_what_was_just_given_is_not() -> None:
    account = some_credit("10.00")
    end = account.grants.get().expires_at
    lifecycle.grant_credit(  # told with its own day, and with it held until that day
        account.customer, D("3"), "GBP", category=Category.GOODWILL, cause="late", by=DESK, at=end - timedelta(days=20)
    )
    told = [
        [grant.remaining for grant in lifecycle.remind_of_credit(account.number, by="system", at=at)]
        for at in (end - timedelta(days=31), end - timedelta(days=30), end - timedelta(days=29), end)
    ]
    assert told == [[], [D("10")], [], []]
    [event] = Event.objects.filter(stream=account.stream, name="store_credit.ending")
    assert event.facts["ends"] == [{"at": end.isoformat(), "amount": "10.00"}]


def test_what_is_spent_is_not_reminded_of() -> None:
    account = some_credit("10.00")
    soon = account.grants.get().expires_at - timedelta(days=10)
    lifecycle.spend(account.customer, D("10"), "GBP", cause="order/1", by=DESK, at=soon)
    assert lifecycle.remind_of_credit(account.number, by="system", at=soon) == []


# ── Refusals ──────────────────────────────────────────────────────────────────────────────────────────────────────


def bad_spends() -> dict[str, tuple[dict[str, object], type[Exception]]]:
    return {
        "zero": ({"amount": D(0)}, NotPositive),
        "negative": ({"amount": D("-1")}, NotPositive),
        "decimals": ({"amount": D("1.001")}, MoneyError),
        "more than is left": ({"amount": D("10.01")}, NotEnoughCredit),
        "expired": ({"at": LATER + timedelta(days=400)}, CreditExpired),
        "other currency": ({"currency": "EUR"}, OtherCurrency),
        "unknown": ({"number": "S-0000-00000"}, NoSuchCredit),
        "foreign": ({"customer": None}, ForeignCredit),
    }


@pytest.mark.parametrize("case", bad_spends())
def test_a_spending_that_breaks_a_rule_changes_nothing(case: str) -> None:
    account = some_credit("10.00")
    change, refusal = bad_spends()[case]
    asked = {"number": account.number, "customer": account.customer, "currency": "GBP", "amount": D("5"), **SAID}
    asked |= change
    if case == "foreign":
        asked["customer"] = a_customer()
    with pytest.raises(refusal) as refused:
        lifecycle.spend(asked.pop("customer"), asked.pop("amount"), asked.pop("currency"), cause="order/1", **asked)
    assert str(refused.value).endswith(".")
    assert (StoreCreditEntry.objects.count(), remaining(account)) == (1, D("10"))


def test_an_expired_credit_is_named_as_what_it_is() -> None:
    account = some_credit("10.00")
    with pytest.raises(CreditExpired) as refused:
        lifecycle.spend(account.customer, D("5"), "GBP", cause="o", by=DESK, at=LATER + timedelta(days=400))
    assert "10.00 has expired" in str(refused.value)


def test_references_of_another_kind_are_refused() -> None:
    account = some_credit("10.00")
    held = lifecycle.authorize(account.number, D("6"), "GBP", customer=account.customer, cause="order/1", **SAID)
    with pytest.raises(NoSuchEntry):
        lifecycle.release(held.reference, D("1"), cause="refund/1", **SAID)
    with pytest.raises(NoSuchEntry):
        lifecycle.capture(f"{account.number}/1", cause="order/1", **SAID)
    with pytest.raises(MoreThanWasTaken):
        lifecycle.capture(held.reference, amount=D("6.01"), cause="order/1", **SAID)


# ── Correcting, taking back, expiring ─────────────────────────────────────────────────────────────────────────────


def test_a_correction_says_why_and_never_goes_below_what_is_gone() -> None:
    account = some_credit("10.00")
    grant = account.grants.get()
    lifecycle.spend(account.customer, D("7"), "GBP", cause="order/1", **SAID)
    with pytest.raises(ReasonMissing):
        lifecycle.adjust_credit(grant.pk, D("1"), reason=" ", cause="a/1", **SAID)
    with pytest.raises(MoreThanLeft):
        lifecycle.adjust_credit(grant.pk, D("-3.01"), reason="typo", cause="a/1", **SAID)
    with pytest.raises(NotPositive):
        lifecycle.adjust_credit(grant.pk, D("0"), reason="typo", cause="a/1", **SAID)
    entry = lifecycle.adjust_credit(grant.pk, D("-1"), reason="typo", cause="a/1", **SAID)
    assert lifecycle.adjust_credit(grant.pk, D("-1"), reason="typo", cause="a/1", **SAID) == entry
    assert postings(f"store_credit/{entry.reference}") == [("goodwill", D("-1")), ("store_credit", D("1"))]
    assert (by_entries(account), remaining(account)) == (D("2"), D("2"))


def test_credit_held_for_an_order_is_not_taken_back() -> None:
    account = some_credit("10.00")
    grant = account.grants.get()
    held = lifecycle.authorize(account.number, D("6"), "GBP", customer=account.customer, cause="order/1", **SAID)
    with pytest.raises(StillSetAside):
        lifecycle.invalidate_credit(grant.pk, reason="abuse", **SAID)
    lifecycle.capture(held.reference, cause="order/1", **SAID)
    entry = lifecycle.invalidate_credit(grant.pk, reason="abuse", **SAID)
    assert (entry.amount, sums(grant)) == (D("4"), (D("6"), D("6"), 0))
    with pytest.raises(NothingLeftOfIt):
        lifecycle.invalidate_credit(grant.pk, reason="abuse", **SAID)


def test_what_is_past_its_day_becomes_income_once_and_what_is_held_does_not() -> None:
    account = some_credit("10.00")
    lifecycle.authorize(account.number, D("6"), "GBP", customer=account.customer, cause="order/1", **SAID)
    grant = account.grants.get()
    assert lifecycle.expire_credit(account.number, by="system", at=grant.expires_at - timedelta(seconds=1)) is None
    entry = lifecycle.expire_credit(account.number, by="system", at=grant.expires_at)
    assert entry.amount == D("4")
    assert postings(f"store_credit/{entry.reference}") == [("store_credit", D("4")), ("expired_credit", D("-4"))]
    assert lifecycle.expire_credit(account.number, by="system", at=grant.expires_at) is None
    assert sums(grant) == (D("6"), 0, D("6"))


def test_the_hourly_task_expires_every_account_once() -> None:
    for amount in ("1.00", "2.00"):
        account = some_credit(amount)
        StoreCreditGrant.objects.filter(account=account).update(expires_at=NOON - timedelta(days=300))
    some_credit("3.00")
    assert (expire_store_credit(), expire_store_credit()) == (2, 0)
    assert StoreCreditGrant.objects.aggregate(sum=Sum("amount"))["sum"] == D("3")


# ── What the database refuses by itself ───────────────────────────────────────────────────────────────────────────


def refused_by_the_database(write: object) -> bool:
    try:
        with transaction.atomic():
            write()  # type: ignore[operator]
    except DatabaseError:
        return True
    return False


def test_the_database_refuses_what_the_code_never_does() -> None:
    account, other = some_credit("10.00"), some_credit("10.00")
    grant, foreign = account.grants.get(), other.grants.get()
    held = lifecycle.authorize(account.number, D("6"), "GBP", customer=account.customer, cause="order/1", **SAID)
    terms = {"account": account, "actor": DESK, "happened_at": LATER}

    def entry(kind: EntryKind, amount: str, grant: StoreCreditGrant = grant, part: str = "", **more: object) -> None:
        made = StoreCreditEntry.objects.create(
            kind=kind, amount=D(amount), reference=f"X/{kind}", cause="forged", **terms, **more
        )
        StoreCreditPart.objects.create(entry=made, grant=grant, amount=D(part or amount))

    wrong = {
        "more than is left": lambda: entry(EntryKind.AUTHORIZE, "4.01"),
        "parts that do not add up": lambda: entry(EntryKind.AUTHORIZE, "2", part="1"),
        "a foreign grant": lambda: entry(EntryKind.AUTHORIZE, "2", foreign),
        "a negative spending": lambda: entry(EntryKind.AUTHORIZE, "-2"),
        "spent without being set aside": lambda: entry(EntryKind.CAPTURE, "2"),
        "more than was set aside": lambda: entry(EntryKind.CAPTURE, "6.01", about=held),
        "taken back while set aside": lambda: entry(EntryKind.INVALIDATE, "4"),
        "a cause twice": lambda: StoreCreditEntry.objects.create(
            kind=EntryKind.AUTHORIZE, amount=1, reference="X/2", cause="order/1", **terms
        ),
        "a sum written by hand": lambda: StoreCreditGrant.objects.filter(pk=grant.pk).update(amount=99),
        "a grant that begins full": lambda: StoreCreditGrant.objects.create(
            account=account, category=Category.GIFT, amount=5, granted_at=NOON
        ),
        "a grant that moves": lambda: StoreCreditGrant.objects.filter(pk=grant.pk).update(account=other),
        "an entry changed": lambda: StoreCreditEntry.objects.filter(pk=held.pk).update(amount=1),
        "an entry deleted": lambda: held.parts.all().delete(),
        "a used grant deleted": lambda: StoreCreditGrant.objects.filter(pk=grant.pk)._raw_delete("default"),
        "an account deleted": lambda: type(account).objects.filter(pk=account.pk)._raw_delete("default"),
    }
    assert {name for name, write in wrong.items() if not refused_by_the_database(write)} == set()
    assert sums(grant) == (D("10"), 0, D("6"))


# ── Anything in any order ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("seed", range(8))
def test_the_books_the_grants_and_the_entries_agree_whatever_happens(seed: int) -> None:
    """Random verbs, most of them impossible: after each, every grant is the sum of its entries."""
    rnd, customer, at = random.Random(seed), a_customer(), NOON
    account, held, spent, refused = some_credit("20.00", customer), [], [], 0
    for step in range(40):
        at += timedelta(days=rnd.randrange(30))
        amount, cause = D(rnd.randrange(1, 1500)) / 100, f"{seed}/{step}"
        how = {"cause": cause, "by": DESK, "at": at}
        any_grant = rnd.choice(list(account.grants.values_list("pk", flat=True)))
        verbs = {
            "grant": lambda a=amount, h=how: lifecycle.grant_credit(
                customer, a, "GBP", category=rnd.choice(list(Category)), **h
            ),
            "authorize": lambda a=amount, h=how: held.append(
                lifecycle.authorize(account.number, a, "GBP", customer=customer, **h)
            ),
            "capture": lambda h=how: spent.append(lifecycle.capture(held[-1].reference, **h)),
            "void": lambda h=how: lifecycle.void(held[-1].reference, **h),
            "release": lambda a=amount, h=how: lifecycle.release(spent[-1].reference, a, **h),
            "adjust": lambda a=amount, h=how, g=any_grant: lifecycle.adjust_credit(g, -a, reason="x", **h),
            "expire": lambda h=how: lifecycle.expire_credit(account.number, by="system", at=h["at"]),
            "invalidate": lambda h=how, g=any_grant: lifecycle.invalidate_credit(g, reason="x", by=DESK, at=h["at"]),
        }
        try:
            verbs[rnd.choice(list(verbs))]()
        except (Refused, IndexError):
            refused += 1
        assert by_entries(account) == remaining(account)
    for grant in account.grants.all():
        moved = {
            kind: sum(one["amount"] for one in grant.parts.filter(entry__kind=kind).values("amount"))
            for kind in EntryKind
        }
        assert grant.used == moved["capture"] - moved["release"]
        assert grant.authorized == moved["authorize"] - moved["capture"] - moved["void"]
        assert grant.amount == moved["grant"] + moved["adjust"] - moved["expire"] - moved["invalidate"]
    # Captures and their returns are booked by the payments and refunds they belong to, which these tests leave out.
    booked = JournalEntry.objects.filter(postings__account="store_credit").aggregate(sum=Sum("postings__amount"))["sum"]
    granted = account.grants.aggregate(sum=Sum(F("amount")))["sum"]
    assert (-booked, 0 < refused < 40) == (granted, True)
