"""The pages of the books: balances, entries with what they are about, closing a month, an entry by hand."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from oms import journal, periods
from oms.journal import Account
from oms.models import Event, JournalEntry, Order
from oms.orders import NewLine, NewPayment, create
from oms.roles import PERMISSIONS, Role
from oms.states import PaymentMethod
from refunds.states import RefundStatus
from tests.builders import NOON, Sold, a_customer, a_product
from tests.refunds.cases import a_refund_in
from tests.staff import a_member, staff_client

pytestmark = pytest.mark.django_db
IN_JANUARY = datetime(2026, 1, 15, 12, tzinfo=UTC)


def post(cause: str, at: datetime = NOON, amount: str = "12.00") -> JournalEntry:
    worth = Decimal(amount)
    return journal.post(cause, [(Account.PROVIDER, worth), (Account.SALES, -worth)], currency="GBP", at=at)


def a_sale(number: str = "1001") -> Order:
    line = NewLine(a_product(Sold()), 1, Decimal("24.00"), tax_rate=Decimal(20))
    paid = NewPayment(PaymentMethod.CARD, f"pi_{number}")
    return create(
        number=number, customer=a_customer(), lines=[line], payments=[paid], currency="GBP", by="user:1", at=NOON,
    )  # fmt: skip


def text(response: object) -> str:
    return " ".join(response.content.decode().split())  # type: ignore[attr-defined]


def test_the_balance_shows_each_account_on_its_side() -> None:
    a_sale()
    page = text(staff_client(Role.FINANCE).get(reverse("books:balance")))
    for shown in ("Money at the payment provider", "£24.00", "£20.00", "Sales tax owed", "£4.00", "Adds up to zero"):
        assert shown in page


def test_the_balance_of_a_day_leaves_out_what_came_later() -> None:
    post("capture/1", IN_JANUARY)
    post("capture/2", IN_JANUARY + timedelta(days=1))
    client = staff_client(Role.FINANCE)
    assert "£12.00" in text(client.get(reverse("books:balance"), {"at": "2026-01-15"}))
    assert "£24.00" in text(client.get(reverse("books:balance"), {"at": "2026-01-16"}))
    assert "Nothing was booked up to then" in text(client.get(reverse("books:balance"), {"at": "2026-01-14"}))
    refused = client.get(reverse("books:balance"), {"at": "31 January"})
    assert (refused.status_code, "Enter a valid date." in text(refused)) == (400, True)


def test_an_account_leads_to_its_entries() -> None:
    post("capture/1")
    client = staff_client(Role.AUDITOR)
    response = client.get(reverse("books:account", args=["sales"]), follow=True)
    assert response.request["QUERY_STRING"] == "account=sales"
    assert "capture/1" in text(response)
    assert client.get(reverse("books:account", args=["nothing"])).status_code == 404


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ({}, {"capture/1", "capture/2", "manual/3"}),
        ({"account": "bank"}, {"manual/3"}),
        ({"kind": "capture"}, {"capture/1", "capture/2"}),
        ({"kind": "manual"}, {"manual/3"}),
        ({"currency": "eur"}, {"manual/3"}),
        ({"account": "bank", "currency": "GBP"}, set()),
        ({"since": "2026-01-16"}, {"capture/2", "manual/3"}),
        ({"until": "2026-01-15"}, {"capture/1"}),
        ({"q": "capture/2"}, {"capture/2"}),
    ],
)
def test_filters_stand_in_the_address(words: dict[str, str], found: set[str]) -> None:
    post("capture/1", IN_JANUARY)
    post("capture/2", IN_JANUARY + timedelta(days=1))
    journal.post(
        "manual/3", [(Account.BANK, Decimal(5)), (Account.SALES, Decimal(-5))], currency="EUR",
        at=IN_JANUARY + timedelta(days=2),
    )  # fmt: skip
    response = staff_client(Role.FINANCE).get(reverse("books:entries"), words)
    assert {row["entry"].cause for row in response.context["rows"]} == found


def test_filters_that_cannot_be_meant_are_refused() -> None:
    client = staff_client(Role.FINANCE)
    for words in ({"account": "gold"}, {"currency": "XQX"}, {"since": "2026-02-01", "until": "2026-01-01"}):
        assert client.get(reverse("books:entries"), words).status_code == 400
    assert client.get(reverse("books:entries"), {"q": "\0"}).status_code in (200, 400)


def test_older_entries_are_a_page_away_and_none_is_shown_twice() -> None:
    for number in range(120):
        post(f"capture/{number}", IN_JANUARY)  # the same instant: the id decides
    client, address, seen = staff_client(Role.FINANCE), reverse("books:entries"), []
    words: dict[str, object] = {}
    while True:
        response = client.get(address, words)
        seen += [row["entry"].pk for row in response.context["rows"]]
        if response.context["older"] is None:
            break
        words = {"before": response.context["older"]}
    assert (len(seen), len(set(seen)), seen) == (120, 120, sorted(seen, reverse=True))


def test_a_page_of_entries_costs_the_same_with_one_and_with_three() -> None:
    client, counts = staff_client(Role.FINANCE), []
    a_sale("1001")
    client.get(reverse("books:entries"))
    for number in ("1002", "1003", "1004"):
        with CaptureQueriesContext(connection) as made:
            client.get(reverse("books:entries"))
        counts.append(len(made))
        a_sale(number)
    assert len(set(counts)) == 1


def test_an_entry_leads_to_what_it_is_about() -> None:
    refund = a_refund_in(RefundStatus.SETTLED)
    entry = JournalEntry.objects.get(cause__startswith=f"refund/{refund.number}/settled")
    page = text(staff_client(Role.FINANCE).get(reverse("books:entry", args=[entry.pk])))
    for path in (
        refund.get_absolute_url(),
        reverse("orders:detail", args=[refund.order.number]),
        reverse("returns:detail", args=[refund.rma.number]),
        reverse("books:memo", args=[refund.memo.number]),
    ):
        assert f'href="{path}"' in page
    goods = JournalEntry.objects.filter(cause__startswith="outcome/").first()
    if goods is not None:
        assert "What moved in the house" in text(
            staff_client(Role.FINANCE).get(reverse("books:entry", args=[goods.pk]))
        )


def test_an_entry_booked_later_says_when_it_happened() -> None:
    post("capture/1", IN_JANUARY)
    at = datetime(2026, 2, 2, tzinfo=UTC)
    periods.ask_to_close(IN_JANUARY.date(), by="user:1", at=at)
    periods.close(IN_JANUARY.date(), by="user:2", at=at)
    late = post("capture/2", IN_JANUARY)
    page = text(staff_client(Role.FINANCE).get(reverse("books:entry", args=[late.pk])))
    assert "It happened on 15 Jan 2026, 12:00, in a month that was closed by then." in page


def test_two_people_close_a_month() -> None:
    post("capture/1", IN_JANUARY)
    address = reverse("books:closing", args=["2026-01"])
    finance, administrator = staff_client(Role.FINANCE), staff_client(Role.ADMINISTRATOR)
    assert "Close January 2026" in text(finance.get(reverse("books:periods")))
    assert "Ask to close January 2026" in text(finance.get(address))
    assert finance.post(address).status_code == 302
    assert "another person closes it" in text(finance.get(address))
    refused = finance.post(address)
    assert (refused.status_code, "You asked to close January 2026 yourself." in text(refused)) == (409, True)
    assert "Close January 2026 for good" in text(administrator.get(address))
    assert administrator.post(address).status_code == 302
    assert periods.closed_until() == datetime(2026, 2, 1, tzinfo=UTC)
    page = text(finance.get(reverse("books:periods")))
    assert "closed" in page
    assert "Close January 2026" not in page
    assert Event.objects.filter(stream="period/2026-01").count() == 2


def test_a_month_that_is_not_there_is_not_found() -> None:
    client = staff_client(Role.FINANCE)
    for month in ("2026-13", "1999-01", "x"):
        assert client.get(reverse("books:closing", args=[month])).status_code == 404


def test_an_entry_by_hand_is_booked_once_it_is_right() -> None:
    post("capture/1", IN_JANUARY)
    client, address = staff_client(Role.FINANCE), reverse("books:by_hand")
    words = {
        "on": "2026-01-20", "debit": "write_off", "credit": "bank", "amount": "3.00", "currency": "GBP",
        "note": "bank charge",
    }  # fmt: skip
    for wrong, sentence in (
        ({"amount": "3.001"}, "too many decimals"),
        ({"amount": "-3"}, "The amount must be more than zero."),
        ({"currency": "QQQ"}, "Three letters of a currency, as GBP."),
        ({"credit": "write_off"}, "Choose another account than the one debited."),
        ({"on": "2099-01-01"}, "is still to come"),
        ({"note": ""}, "This field is required."),
    ):
        refused = client.post(address, words | wrong)
        assert (refused.status_code, sentence in text(refused)) == (422, True)
    assert JournalEntry.objects.count() == 1
    assert client.post(address, words).status_code == 302
    booked = JournalEntry.objects.get(cause__startswith="manual/")
    assert (booked.note, booked.by) == ("bank charge", a_member(Role.FINANCE).actor)


def test_an_entry_by_hand_in_a_closed_month_is_refused_with_a_sentence() -> None:
    post("capture/1", IN_JANUARY)
    at = datetime(2026, 2, 2, tzinfo=UTC)
    periods.ask_to_close(IN_JANUARY.date(), by="user:1", at=at)
    periods.close(IN_JANUARY.date(), by="user:2", at=at)
    words = {
        "on": "2026-01-31", "debit": "write_off", "credit": "bank", "amount": "3.00", "currency": "GBP", "note": "late",
    }  # fmt: skip
    refused = staff_client(Role.FINANCE).post(reverse("books:by_hand"), words)
    assert refused.status_code == 422
    assert "The books are closed up to 31 January 2026. Choose a later day." in text(refused)
    assert Event.objects.filter(name="verb.refused", facts__code="period_closed").count() == 1


def test_who_may_see_the_books_and_close_them() -> None:
    assert PERMISSIONS["see books"] == {Role.FINANCE, Role.MANAGER, Role.AUDITOR, Role.ADMINISTRATOR}
    assert PERMISSIONS["close periods"] == {Role.FINANCE, Role.ADMINISTRATOR}
    post("capture/1", IN_JANUARY)
    for role in (Role.AGENT, Role.DOCK):
        assert staff_client(role).get(reverse("books:balance")).status_code == 403
    manager = staff_client(Role.MANAGER)
    assert manager.get(reverse("books:periods")).status_code == 200
    assert manager.post(reverse("books:closing", args=["2026-01"])).status_code == 403


def test_goods_booked_by_inspection_are_in_the_list() -> None:
    """Whatever else books, the pages show it."""
    refund = a_refund_in(RefundStatus.APPROVED)
    response = staff_client(Role.FINANCE).get(reverse("books:entries"), {"kind": "goods"})
    assert response.status_code == 200
    assert {row["entry"].order for row in response.context["rows"]} <= {refund.order, None}
