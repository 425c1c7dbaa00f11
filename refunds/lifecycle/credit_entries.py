"""One entry of store credit: the lock before it, its parts, its postings, its event.

Lock order: the order's row first where there is one, then the account's. Who holds the account's row is alone with its
grants, so what is read after it is what stands.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from oms import journal, outbox, shops
from oms.identifiers import new_number
from oms.journal import Account
from oms.models import Customer, Order
from oms.money import amount_text, check_amount
from oms.remembered import remembered
from refunds.models import StoreCredit, StoreCreditEntry, StoreCreditGrant, StoreCreditPart, StoreCreditTerms
from refunds.refusals import NotPositive
from refunds.store_credit import Category, EntryKind, Part
from refunds.store_credit.refusals import CauseTaken, NoSuchCredit, NoSuchEntry

NAME_OF = {
    EntryKind.GRANT: "store_credit.granted",
    EntryKind.AUTHORIZE: "store_credit.authorized",
    EntryKind.CAPTURE: "store_credit.captured",
    EntryKind.VOID: "store_credit.voided",
    EntryKind.RELEASE: "store_credit.released",
    EntryKind.ADJUST: "store_credit.adjusted",
    EntryKind.EXPIRE: "store_credit.expired",
    EntryKind.INVALIDATE: "store_credit.invalidated",
}
# Who bears it when credit is given without money behind it, or taken back.
BORNE_BY = {
    Category.REFUND: Account.GOODWILL,
    Category.BONUS: Account.BONUS,
    Category.GOODWILL: Account.GOODWILL,
    Category.GIFT: Account.BONUS,
}


@remembered
def terms() -> dict[str, StoreCreditTerms]:
    """What the shop says about each category, in the order credit is spent."""
    return {one.category: one for one in StoreCreditTerms.objects.order_by("position", "category")}


def lock_account(number: str) -> StoreCredit:
    """Raises NoSuchCredit."""
    account = StoreCredit.objects.select_for_update(no_key=True).filter(number=number).first()
    if account is None:
        raise NoSuchCredit(number=number)
    return account


def open_account(customer: Customer, currency: str, *, at: datetime) -> StoreCredit:
    """Lock the customer's account in this currency, opening it if there is none."""
    mine = StoreCredit.objects.filter(customer=customer, currency=currency)
    if not mine.exists():
        fresh = StoreCredit(
            number=new_number("S"),
            customer=customer,
            currency=currency,
            opened_at=at,
            correlation=outbox.correlation.get() or uuid4(),
        )
        StoreCredit.objects.bulk_create([fresh], ignore_conflicts=True)
    return mine.select_for_update(no_key=True).get()


def entry_named(reference: str, kind: EntryKind) -> StoreCreditEntry:
    """The entry of this reference under the lock of its account. Raises NoSuchEntry."""
    found = StoreCreditEntry.objects.filter(reference=reference, kind=kind).select_related("account").first()
    if found is None:
        raise NoSuchEntry(reference=reference)
    found.account = lock_account(found.account.number)
    return found


def done_before(
    kind: EntryKind, cause: str, *, account: StoreCredit, amount: Decimal | None = None
) -> StoreCreditEntry | None:
    """What this cause moved already. Raises CauseTaken when that was something else."""
    found = StoreCreditEntry.objects.filter(kind=kind, cause=cause).first()
    if found is not None and (found.account_id != account.pk or amount not in (None, found.amount)):
        raise CauseTaken
    return found


def positive(amount: Decimal, currency: str, what: str) -> Decimal:
    """Raises NotPositive; MoneyError for more decimals than the currency has."""
    amount = check_amount(amount, currency)
    if amount <= 0:
        raise NotPositive(what=what)
    return amount


def move(
    account: StoreCredit,
    kind: EntryKind,
    parts: Sequence[Part],
    *,
    cause: str,
    by: str,
    at: datetime,
    about: StoreCreditEntry | None = None,
    order: Order | None = None,
    reason: str = "",
    books: Iterable[tuple[Account, Decimal]] = (),
    **facts: Any,
) -> StoreCreditEntry:
    """Write the entry with its parts (the database moves the grants' sums), book it, record its event.

    `books` are the postings; none where another document books the same movement: a refund, or an order's payment.
    """
    total = sum((part.amount for part in parts), Decimal(0))
    entry = StoreCreditEntry.objects.create(
        account=account,
        reference=f"{account.number}/{account.event_sequence + 1}",
        kind=kind,
        amount=total,
        cause=cause,
        about=about,
        order=order,
        reason=reason,
        actor=by,
        happened_at=at,
    )
    StoreCreditPart.objects.bulk_create(
        StoreCreditPart(entry=entry, grant_id=part.key, amount=part.amount) for part in parts
    )
    postings = list(books)
    if postings:
        journal.post(f"store_credit/{entry.reference}", postings, currency=account.currency, at=at)
    outbox.record(
        account,
        NAME_OF[kind],
        by=by,
        at=at,
        entry=entry.reference,
        amount=amount_text(total, account.currency),
        currency=account.currency,
        cause=cause,
        order=order.number if order else None,
        parts=[{"grant": part.key, "amount": amount_text(part.amount, account.currency)} for part in parts],
        **facts,
    )
    return entry


def parts_of(entry: StoreCreditEntry) -> list[Part]:
    """In the order they were taken."""
    return [Part(grant, amount) for grant, amount in entry.parts.order_by("pk").values_list("grant_id", "amount")]


def parts_about(entry: StoreCreditEntry) -> list[Part]:
    """What later entries took of this one."""
    found = StoreCreditPart.objects.filter(entry__about=entry).order_by("pk")
    return [Part(grant, amount) for grant, amount in found.values_list("grant_id", "amount")]


def holdings_of(account: StoreCredit) -> list[StoreCreditGrant]:
    return list(account.grants.order_by("pk"))


def end_of_day(at: datetime, days: int) -> datetime:
    """The instant at which the day `days` after `at` ends, in the shop's time zone."""
    zone = ZoneInfo(shops.current().time_zone)
    midnight = at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(days=days + 1)
