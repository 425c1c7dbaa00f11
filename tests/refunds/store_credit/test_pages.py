"""Store credit on the screen: staff give, correct and agree; the customer's link shows the balance and nothing else."""

import csv
import io
import json
from decimal import Decimal as D
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from oms.models import Event, Posting
from oms.roles import Role
from refunds import lifecycle
from refunds.liability import age_words, by_age, totals
from refunds.models import StoreCredit, StoreCreditEntry, StoreCreditRequest
from refunds.store_credit import Category
from tests.builders import NOON, a_customer, an_order
from tests.refunds.store_credit.cases import DESK, LATER, owed, remaining, some_credit
from tests.staff import staff_client

pytestmark = pytest.mark.django_db


def post(client: Client, name: str, *args: Any, follow: bool = True, **data: Any) -> Any:
    sent = {"form_token": str(uuid4())} | data
    return client.post(reverse(f"refunds:{name}", args=args), sent, follow=follow)


def path(name: str, *args: Any) -> str:
    return reverse(f"refunds:{name}", args=args)


# ── Who ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("role", [role for role in Role if role != Role.CUSTOMER])
def test_who_sees_and_who_gives(role: Role) -> None:
    client, account = staff_client(role), some_credit("10.00")
    sees = 403 if role == Role.DOCK else 200
    pages = [path("store_credits"), account.get_absolute_url(), path("store_credit_liability")]
    assert {client.get(page).status_code for page in pages} == {sees}
    gives = role in (Role.AGENT, Role.FINANCE, Role.MANAGER, Role.ADMINISTRATOR)
    answer = post(client, "store_credit_grants", account.number, amount="5.00", category="gift", reason="x")
    assert (answer.status_code, remaining(account)) == ((200, D("15")) if gives else (403, D("10")))
    assert client.get(path("store_credit_for_order", an_order().number)).status_code == (200 if gives else 403)
    terms = client.get(path("store_credit_terms")).status_code
    assert terms == (200 if role in (Role.MANAGER, Role.ADMINISTRATOR) else 403)


def test_names_are_for_those_who_may_see_them() -> None:
    account = some_credit("10.00", a_customer(name="Ada Example"))
    for role, shown in ((Role.AGENT, True), (Role.AUDITOR, False)):
        for page in (path("store_credits"), account.get_absolute_url()):
            assert ("Ada Example" in staff_client(role).get(page).content.decode()) is shown


def test_the_list_says_what_is_left_of_each_however_much_has_moved() -> None:
    account = some_credit("10.00", a_customer())
    order = an_order(customer=account.customer)
    an_order(customer=account.customer)
    some_credit("5.00", account.customer)
    lifecycle.spend(account.customer, D("2"), "GBP", cause="order/1", by=DESK, at=LATER)
    lifecycle.authorize(account.number, D("4"), "GBP", customer=account.customer, cause="order/2", by=DESK, at=LATER)
    for words in ("", account.number.lower(), order.number):
        page = staff_client().get(path("store_credits"), {"q": words}).content.decode()
        assert [page.count(amount) for amount in ("£9.00", "£4.00", account.number)] == [1, 1, 2]
    assert account.number not in staff_client().get(path("store_credits"), {"q": "nothing"}).content.decode()


def test_the_one_search_finds_credit_by_its_number_as_people_type_it() -> None:
    account = some_credit("10.00")
    for words in (account.number, account.number.lower().replace("-", " ")):
        assert staff_client().get("/search/", {"q": words})["Location"] == account.get_absolute_url()
    assert staff_client(Role.DOCK).get("/search/", {"q": account.number}).status_code == 200


# ── Giving and correcting ─────────────────────────────────────────────────────────────────────────────────────────


def test_an_order_s_customer_gets_goodwill_and_twice_is_once() -> None:
    client, order, token = staff_client(), an_order(), str(uuid4())
    asked = {"amount": "5.00", "category": "goodwill", "reason": "late", "form_token": token}
    for _ in range(2):
        answer = client.post(path("store_credit_for_order", order.number), asked, follow=True)
    account = order.customer.store_credits.get()
    assert answer.redirect_chain == [(account.get_absolute_url(), 302)]
    assert (remaining(account), account.grants.get().order) == (D("5"), order)


def test_more_than_one_may_give_waits_for_finance() -> None:
    account = some_credit("10.00")
    agent, finance = staff_client(Role.AGENT), staff_client(Role.FINANCE)
    post(agent, "store_credit_grants", account.number, amount="40.00", category="gift", reason="sorry")
    asked = StoreCreditRequest.objects.get()
    assert post(agent, "store_credit_agreement", asked.number).status_code == 403
    assert "Agree to £40.00" in finance.get(path("store_credits")).content.decode()
    assert "Agree to £40.00" in finance.get(path("approvals")).content.decode()
    assert "Agree to" not in agent.get(path("store_credits")).content.decode()
    post(finance, "store_credit_agreement", asked.number)
    assert remaining(account) == D("50")
    own = post(finance, "store_credit_grants", account.number, amount="40.00", category="gift", reason="more")
    assert own.status_code == 200
    page = finance.get(account.get_absolute_url()).content.decode()
    assert ("You asked for it yourself" in page, "Agree to" in page) == (True, False)
    post(finance, "store_credit_agreement", StoreCreditRequest.objects.latest("pk").number)
    assert remaining(account) == D("50")
    assert Event.objects.filter(name="verb.refused", facts__verb="agree_to_credit").count() == 1
    post(finance, "store_credit_refusal", StoreCreditRequest.objects.latest("pk").number)
    post(staff_client(Role.ADMINISTRATOR), "store_credit_refusal", StoreCreditRequest.objects.latest("pk").number)
    assert StoreCreditRequest.objects.latest("pk").status == "refused"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"amount": ""}, "This field is required."),
        ({"amount": "five"}, "is not a plain decimal number."),
        ({"amount": "-5"}, "The amount must be more than zero."),
        ({"amount": "0"}, "The amount must be more than zero."),
        ({"amount": "5.001"}, "5.001 has too many decimals: GBP has 2."),
        ({"amount": "1e3"}, "is not a plain decimal number."),
        ({"category": "refund"}, "Select a valid choice"),
        ({"reason": ""}, "This field is required."),
        ({"form_token": "x"}, "Enter a valid UUID"),
    ],
)
def test_what_cannot_be_given_is_refused_at_its_field(data: dict[str, str], sentence: str) -> None:
    account = some_credit("10.00")
    asked = {"amount": "5.00", "category": "gift", "reason": "x"} | data
    answer = post(staff_client(), "store_credit_grants", account.number, **asked)
    assert (answer.status_code, StoreCreditEntry.objects.count()) == (422, 1)
    assert sentence in answer.content.decode()


def test_correcting_and_taking_back() -> None:
    account = some_credit("10.00")
    grant, client = account.grants.get(), staff_client()
    told = {"grant": grant.pk, "reason": "typo"}
    post(client, "store_credit_corrections", account.number, amount="-4", **told)
    assert remaining(account) == D("6")
    refused = post(client, "store_credit_corrections", account.number, amount="-6.01", **told)
    assert (refused.status_code, remaining(account)) == (409, D("6"))
    assert "Only 6.00 of this credit is left" in refused.content.decode()
    foreign = some_credit("10.00").grants.get()
    assert post(client, "store_credit_corrections", account.number, **told | {"grant": foreign.pk}).status_code == 422
    post(client, "store_credit_withdrawals", account.number, **told)
    assert remaining(account) == 0
    assert post(client, "store_credit_withdrawals", account.number, **told).status_code == 422


def test_paying_an_order_says_why_not() -> None:
    account = some_credit("30.00")
    client, foreign = staff_client(), an_order(method="manual")
    for number, sentence in ((foreign.number, "belongs to another customer"), ("NONE", "no order of this number")):
        answer = post(client, "store_credit_payments", account.number, amount="5", order=number)
        assert (answer.status_code, remaining(account)) == (409, D("30"))
        assert sentence in answer.content.decode()
    own = an_order(customer=account.customer)
    answer = post(client, "store_credit_payments", account.number, amount="5", order=own.number)
    assert "0.00 still to be paid" in answer.content.decode()
    own.payments.update(captured=D("12.00"))
    answer = post(client, "store_credit_payments", account.number, amount="8", order=own.number)
    assert f"Order {own.number} is paid with it." in answer.content.decode()
    assert remaining(account) == D("22")


def test_terms_are_checked_and_saved() -> None:
    client = staff_client(Role.MANAGER)
    rows = {"gift": (1, 730), "bonus": (2, 365), "goodwill": (3, 100), "refund": (4, "")}
    sent = {}
    for category, (position, days) in rows.items():
        sent |= {f"{category}-position": position, f"{category}-valid_days": days, f"{category}-alone_up_to": "25"}
    assert client.post(path("store_credit_terms"), sent).status_code == 302
    assert Event.objects.filter(name="store_credit.terms_changed").count() == 3
    assert client.post(path("store_credit_terms"), sent | {"gift-valid_days": "-1"}).status_code == 422
    assert client.post(path("store_credit_terms"), sent | {"gift-valid_days": "0"}).status_code == 422


# ── The customer ──────────────────────────────────────────────────────────────────────────────────────────────────


def page_of(account: StoreCredit) -> str:
    return account.get_portal_url().partition("/credit/")[2]


def test_the_link_shows_the_balance_what_expires_and_what_happened(client: Client) -> None:
    customer = a_customer(name="Ada Example")
    account = some_credit("10.00", customer)
    some_credit("5.00", customer, category=Category.REFUND)
    lifecycle.spend(customer, D("4"), "GBP", cause="order/1", by=DESK, at=LATER)
    lifecycle.authorize(account.number, D("1"), "GBP", customer=customer, cause="order/2", by=DESK, at=LATER)
    answer = client.get(f"/credit/{page_of(account)}")
    page = answer.content.decode()
    assert "You have £10.00 to spend" in page
    assert "£1.00 more is set aside" in page
    assert ("Does not expire" in page, "Until 23 November 2027" in page) == (True, True)
    assert ("−£4.00" in page, "Ada Example" in page, "noindex" in page) == (True, False, True)
    assert answer["Cache-Control"].startswith("max-age=0")


def test_a_wrong_link_and_no_credit_are_the_same_404(client: Client) -> None:
    account, other = some_credit("10.00"), some_credit("10.00")
    tries = [f"{account.number}/{other.signature}/", f"S-0000-00000/{account.signature}/", f"{account.number}/x/"]
    answers = [client.get(f"/credit/{one}") for one in tries]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    StoreCredit.objects.filter(pk=account.pk).update(link_version=2)
    assert client.get(f"/credit/{page_of(account)}").status_code == 404


# ── What we owe ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_owed_equals_the_books_to_the_cent() -> None:
    customer = a_customer()
    account = some_credit("10.01", customer)
    some_credit("4.99", customer, category=Category.BONUS)
    some_credit("500", customer, currency="JPY")
    lifecycle.authorize(account.number, D("1"), "GBP", customer=customer, cause="order/2", by=DESK, at=LATER)
    lifecycle.adjust_credit(account.grants.first().pk, D("-0.51"), reason="x", cause="a", by=DESK, at=LATER)
    found = totals(timezone.now())
    assert [(one.currency, one.owed, one.drift) for one in found] == [("GBP", D("14.49"), 0), ("JPY", D("500"), 0)]
    assert sum(one.owed for one in by_age(timezone.now())) == owed()
    page = staff_client(Role.FINANCE).get(path("store_credit_liability")).content.decode()
    assert "£14.49 owed, and the books say the same." in page


def test_a_posting_made_by_hand_shows_as_a_difference() -> None:
    some_credit("10.00")
    entry = Posting.objects.first().entry
    Posting.objects.bulk_create(
        [Posting(entry=entry, account=name, amount=amount, currency="GBP")
         for name, amount in (("store_credit", D("1")), ("goodwill", D("-1")))]
    )  # fmt: skip
    assert [one.drift for one in totals(timezone.now())] == [D("1")]
    page = staff_client(Role.FINANCE).get(path("store_credit_liability")).content.decode()
    assert "£10.00 owed, but the books say £9.00: £1.00 between them." in page


@pytest.mark.parametrize(
    ("bucket", "words"), [(0, "0–30"), (1, "0–30"), (2, "31–90"), (3, "91–180"), (4, "181–365"), (5, "366+")]
)
def test_ages_in_words(bucket: int, words: str) -> None:
    assert age_words(bucket) == words


def test_the_report_says_the_same_on_the_command_line() -> None:
    an_order()
    account = some_credit("10.00")
    account.grants.update(granted_at=NOON.replace(year=2024))
    some_credit("2.50", category=Category.GIFT)

    def report(how: str) -> str:
        out = io.StringIO()
        call_command("report", "store_credit_liability", how, stdout=out)
        return out.getvalue()

    rows = json.loads(report("--json"))
    assert [(row["key"], row["age_in_days"], row["owed"]) for row in rows] == [
        ("gift", "0–30", "2.500"),
        ("goodwill", "366+", "10.000"),
        ("total", None, "12.500"),
    ]
    assert rows[-1]["owed_in_the_books"] == "12.500"
    assert [row["owed"] for row in csv.DictReader(io.StringIO(report("--csv")))] == ["2.500", "10.000", "12.500"]
