from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse

from inventory import ledger
from inventory.models import Bin
from inventory.states import BinKind
from oms.models import Event, Order, UnitClaim
from oms.orders import cancel_lines
from oms.roles import PERMISSIONS, Role
from oms.views import home
from refunds.pricing import price_return
from returns import lifecycle
from returns.eligibility import Wanted
from tests.builders import NOON, Sold, a_customer, a_return, an_order
from tests.staff import a_member, staff_client

pytestmark = pytest.mark.django_db

STAFF = [role for role in Role if role != Role.CUSTOMER]


def numbers(page):
    return [row["order"].number for row in page.context["rows"]]


def get(path="/orders/", role=Role.AGENT, **query):
    return staff_client(role).get(path, query)


# ── Who gets in ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", ["/orders/", "/orders/T1/", "/search/", "/staff/"])
def test_strangers_are_sent_to_log_in(path):
    answer = Client().get(path)
    assert (answer.status_code, answer.url.partition("?")[0]) == (302, reverse("account_login"))


def test_without_a_second_factor_there_is_no_list():
    answer = staff_client(second_factor=False).get("/orders/")
    assert (answer.status_code, answer.url) == (302, reverse("mfa_index"))


@pytest.mark.parametrize("role", STAFF)
def test_everyone_on_the_staff_sees_orders(role):
    an_order(number="T1")
    client = staff_client(role)
    assert [client.get(path).status_code for path in ("/orders/", "/orders/T1/", "/search/")] == [200, 200, 200]


@pytest.mark.parametrize("role", STAFF)
def test_each_role_starts_on_its_first_page(role):
    try:
        expected = reverse(home.FIRST_PAGES[role])
    except NoReverseMatch:
        expected = reverse("orders:list")
    assert staff_client(role).get("/staff/").url == expected


@pytest.mark.parametrize("role", STAFF)
def test_people_are_named_only_to_who_may_see_them(role):
    an_order(number="T1", customer=a_customer(name="Quincy Quill", email="quincy@example.test", street="9 Quay Street"))
    client = staff_client(role)
    shown = [
        (b"Quincy Quill" in client.get("/orders/").content),
        (b"quincy@example.test" in client.get("/orders/T1/").content),
        (b"9 Quay Street" in client.get("/orders/T1/").content),
        bool(numbers(client.get("/orders/", {"q": "quill"}))),
        client.get("/search/", {"q": "quincy@example.test"}).status_code == 302,
    ]
    assert shown == [role in PERMISSIONS["see personal data"]] * 5


# ── The list ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_newest_order_is_first():
    an_order(number="T1", placed_at=NOON - timedelta(days=9))
    an_order(number="T2", placed_at=NOON - timedelta(days=7))
    assert numbers(get()) == ["T2", "T1"]


@pytest.fixture
def five_orders(db):
    an_order(number="DELIVERED")
    an_order(number="MOVING", delivered_at=None)
    an_order(number="WAITING", shipped_at=None, delivered_at=None)
    gone = an_order(number="GONE", shipped_at=None, delivered_at=None)
    cancel_lines("GONE", {gone.lines.get().pk: 2}, "sold out", by="user:1", at=NOON)
    back = an_order(number="BACK")
    back.lines.update(returned=1)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("delivered", ["DELIVERED"]),
        ("shipped", ["MOVING"]),
        ("paid", ["WAITING"]),
        ("canceled", ["GONE"]),
        ("part_returned", ["BACK"]),
        ("returned", []),
        ("refused", []),
        ("placed", []),
        ("part_shipped", []),
    ],
)
def test_orders_by_status(five_orders, status, expected):
    page = get(status=status)
    assert (numbers(page), page.context["page"].paginator.count) == (expected, len(expected))


def test_orders_by_country_and_days_of_the_shop():
    an_order(number="T1", placed_at=NOON.replace(month=7, day=1, hour=22, minute=59))
    an_order(number="T2", placed_at=NOON.replace(month=7, day=1, hour=23, minute=1))  # 2 July in London
    Order.objects.filter(number="T2").update(country="EIRE")
    assert numbers(get(since="2026-07-02")) == ["T2"]
    assert numbers(get(until="2026-07-01")) == ["T1"]
    assert numbers(get(country="EIRE")) == ["T2"]
    assert numbers(get(country="EIRE", until="2026-07-01")) == []


@pytest.mark.parametrize("words", ["T77", "t77", "OUT-77", "sam@example.test", "shopper", "Sam  Shopper", "C-77"])
def test_orders_by_what_is_in_hand(words):
    order = an_order(number="T77")
    order.shipments.update(tracking_number="OUT-77")
    order.customer.external_id = "C-77"
    order.customer.save(update_fields=["external_id"])
    an_order(number="T78", customer=a_customer(name="Somebody Else", email="else@example.test"))
    assert numbers(get(q=words)) == ["T77"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"status": "lost"}, "status"),
        ({"since": "yesterday"}, "since"),
        ({"since": "2026-02-30"}, "since"),
        ({"since": "0001-01-01"}, "since"),
        ({"until": "9999-12-31"}, "until"),
        ({"since": "2026-02-02", "until": "2026-02-01"}, "until"),
        ({"q": "x" * 201}, "q"),
        ({"q": "a\0b"}, "q"),
        ({"country": "x" * 61}, "country"),
    ],
)
def test_unusable_filters_are_named_at_the_field(query, field):
    an_order()
    page = get(**query)
    assert (page.status_code, list(page.context["form"].errors), numbers(page)) == (400, [field], [])


@pytest.mark.parametrize(
    "words", ["'; DROP TABLE oms_order; --", "%", "_", "<script>", "🦆", "\N{RIGHT-TO-LEFT OVERRIDE}x"]
)
def test_hostile_words_find_nothing_and_are_escaped(words):
    an_order()
    page = get(q=words)
    assert (page.status_code, numbers(page)) == (200, [])
    assert b"<script>" not in page.content.replace(b"<script type", b"").replace(b"<script nonce", b"")


def test_fifty_on_a_page_and_the_count():
    for _ in range(51):
        an_order()
    first, second = get(), get(page="2")
    assert (len(numbers(first)), len(numbers(second))) == (50, 1)
    assert first.context["page"].paginator.count == 51
    assert "1–50 of 51" in first.content.decode()


def test_the_list_takes_the_same_few_statements_for_one_order_and_three(django_assert_max_num_queries):
    an_order()
    client = staff_client()
    with django_assert_max_num_queries(8) as one:
        client.get("/orders/", {"status": "delivered", "country": "United Kingdom", "since": "2020-01-01"})
    an_order()
    an_order()
    with django_assert_max_num_queries(8) as three:
        page = client.get("/orders/", {"status": "delivered", "country": "United Kingdom", "since": "2020-01-01"})
    assert (len(numbers(page)), len(three)) == (3, len(one))


# ── One order ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_page_tells_the_whole_story():
    order = an_order(number="T1", lines=[Sold(), Sold(sku="TEA", title="Tea", quantity=3, gross="9.00", tax="1.50")])
    rma = a_return(order)
    page = get("/orders/T1/")
    context = page.context
    assert [(row["line"].sku, row["line"].shipped, row["open"]) for row in context["lines"]] == [
        ("MUG", 2, 0), ("TEA", 3, 0),
    ]  # fmt: skip
    assert [row["rma"].number for row in context["rmas"]] == [rma.number]
    assert len(context["payments"]) == len(context["shipments"]) == 1
    assert context["status"] == "delivered"
    assert not context["may_cancel"]
    assert rma.number in page.content.decode()


def test_an_order_that_is_not_there_is_404():
    client = staff_client()
    assert [client.get(f"/orders/{number}/").status_code for number in ("NOPE", "%00", "x" * 300)] == [404, 404, 404]


def test_the_page_takes_the_same_few_statements_for_one_of_each_and_three(django_assert_max_num_queries):
    small = an_order(number="T1", lines=[Sold(quantity=5)])
    a_return(small)
    big = an_order(number="T3", lines=[Sold(quantity=9), Sold(sku="TEA"), Sold(sku="JAR")])
    for _ in range(3):
        a_return(big)
    client = staff_client(Role.MANAGER)
    with django_assert_max_num_queries(12) as one:
        client.get("/orders/T1/")
    with django_assert_max_num_queries(12) as three:
        page = client.get("/orders/T3/")
    assert (len(page.context["rmas"]), len(three)) == (3, len(one))


# ── Canceling ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def waiting(db):
    return an_order(number="T1", shipped_at=None, delivered_at=None)


def cancel(order, quantity, role=Role.AGENT, reason="sold out"):
    line = order.lines.get()
    data = {f"line_{line.pk}": quantity, "reason": reason}
    return staff_client(role).post(f"/orders/{order.number}/cancellations/", data)


def state(order):
    canceled = [line.canceled for line in order.lines.all()]
    return canceled, UnitClaim.objects.count(), Event.objects.filter(name="order.lines_canceled").count()


def test_units_not_shipped_can_be_canceled(waiting):
    answer = cancel(waiting, "1")
    assert (answer.status_code, answer.url) == (302, "/orders/T1/")
    assert state(waiting) == ([1], 1, 1)
    event = Event.objects.get(name="order.lines_canceled")
    assert (event.actor, event.facts["reason"]) == (a_member(Role.AGENT).actor, "sold out")
    assert "sold out" in get("/orders/T1/").content.decode()


@pytest.mark.parametrize("role", STAFF)
def test_only_some_roles_may_cancel(waiting, role):
    may = role in PERMISSIONS["cancel order lines"]
    assert get("/orders/T1/", role).context["may_cancel"] is may
    assert cancel(waiting, "1", role).status_code == (302 if may else 403)
    assert state(waiting) == (([1], 1, 1) if may else ([0], 0, 0))


@pytest.mark.parametrize("quantity", ["3", "-1", "one", "1.5", "9" * 40, "0", ""])
def test_an_impossible_quantity_is_named_at_its_field_and_nothing_moves(waiting, quantity):
    page = cancel(waiting, quantity)
    assert page.status_code == 400
    field = "__all__" if quantity in ("0", "") else f"line_{waiting.lines.get().pk}"
    assert list(page.context["form"].errors) == [field]
    assert state(waiting) == ([0], 0, 0)


def test_a_reason_is_needed(waiting):
    page = cancel(waiting, "1", reason="")
    assert (page.status_code, list(page.context["form"].errors)) == (400, ["reason"])
    assert state(waiting) == ([0], 0, 0)


def test_a_form_sent_twice_cancels_once(waiting):
    data = {
        f"line_{waiting.lines.get().pk}": "1",
        "reason": "sold out",
        "seen": get("/orders/T1/").context["form"].left,
    }
    answers = [staff_client().post("/orders/T1/cancellations/", data) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 400]
    assert state(waiting) == ([1], 1, 1)
    assert "since you looked" in answers[1].content.decode()
    assert 'name="seen" value="1"' in answers[1].content.decode()


def test_what_was_shipped_meanwhile_is_refused(waiting):
    waiting.lines.update(shipped=2)
    page = cancel(waiting, "1")
    assert page.status_code == 400
    assert state(waiting) == ([0], 0, 0)


def test_lines_of_another_order_cannot_be_named(waiting):
    other = an_order(number="T2", shipped_at=None, delivered_at=None)
    data = {f"line_{other.lines.get().pk}": "1", "reason": "sold out"}
    assert staff_client().post("/orders/T1/cancellations/", data).status_code == 400
    assert state(other) == ([0], 0, 0)


def test_what_goes_out_because_of_a_return_is_called_off_there() -> None:
    line = an_order().lines.select_related("product").get()
    shelf = Bin.objects.get(warehouse__is_default=True, kind=BinKind.SHELF)
    ledger.adjust(shelf, line.product, 1, cause="opening/mug", by="system", at=NOON)
    rma = lifecycle.request(
        line.order.number, [Wanted(line.pk, 1, "defective", "", photos=1)], resolution="replacement",
        price=price_return, form_token=uuid4(), by=line.order.customer.actor, at=NOON,
    )  # fmt: skip
    order = rma.dispatches.get().order
    page = get(f"/orders/{order.number}/")
    assert rma.number in page.content.decode()
    assert page.context["form"] is None
    answer = cancel(order, 1)
    assert (answer.status_code, state(order)[0]) == (400, [0])
    assert "decide there what becomes of it" in answer.content.decode()


def test_reading_never_cancels(waiting):
    assert staff_client().get("/orders/T1/cancellations/").status_code == 405


# ── The one search ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "words", ["T77", "t77", " T77 ", "OUT-77", "C-77", "sam@example.test", "SAM@EXAMPLE.TEST", "shopper sam"]
)
def test_one_hit_leads_straight_to_its_page(words):
    order = an_order(number="T77")
    order.shipments.update(tracking_number="OUT-77")
    order.customer.external_id = "C-77"
    order.customer.save(update_fields=["external_id"])
    answer = get("/search/", q=words)
    assert (answer.status_code, answer.url) == (302, "/orders/T77/")


def test_several_hits_are_listed():
    sam = a_customer()
    an_order(number="T1", customer=sam)
    an_order(number="T2", customer=sam, placed_at=NOON - timedelta(days=6))
    page = get("/search/", q="Shopper")
    assert [(hit.kind, hit.number, hit.url) for hit in page.context["hits"]] == [
        ("order", "T1", "/orders/T1/"),
        ("order", "T2", "/orders/T2/"),
    ]


def test_returns_are_found_however_their_number_is_typed():
    rma = a_return(an_order(number="T1"))
    for words in (rma.number, rma.number.lower().replace("-", " ")):
        answer = get("/search/", q=words)
        found = answer.url if answer.status_code == 302 else [hit.number for hit in answer.context["hits"]]
        assert found in (f"/returns/{rma.number}/", [rma.number])


def test_a_product_is_found_by_its_sku():
    an_order()
    answer = get("/search/", q="mug")
    found = answer.url if answer.status_code == 302 else [hit.number for hit in answer.context["hits"]]
    assert found in ("/stock/?q=MUG", ["MUG"])


@pytest.mark.parametrize("words", ["", "   ", "nothing", "\0", "x" * 5000, "<b>", "R-0000-00000"])
def test_nothing_found_says_so(words):
    page = get("/search/", q=words)
    assert (page.status_code, page.context["hits"]) == (200, [])
    assert b"<b>" not in page.content


def test_the_search_takes_few_statements(django_assert_max_num_queries):
    an_order()
    client = staff_client(Role.MANAGER)
    with django_assert_max_num_queries(14):
        client.get("/search/", {"q": "nobody"})
