import csv
import html
import io
import re
from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from oms.roles import PERMISSIONS, Role
from reporting import links
from reporting.charts import CHARTS, WIDTHS
from reporting.dashboard import figures, steps_of
from reporting.period import Filters, shop_period
from reporting.rows import LISTINGS
from returns.models import Survey
from tests.builders import NOON, Sold, an_order
from tests.reporting.conftest import came_back, tell
from tests.staff import staff_client

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
DASHBOARD = "/dashboard/"
QUERY = "?from=2026-10-01&to=2026-12-31"


@pytest.fixture
def trade():
    """Twelve orders, five of which came back in different ways."""
    orders = [
        an_order(lines=[Sold(sku=sku, title=f"{sku} of blue")], placed_at=NOON - days * DAY, shipped_at=None)
        for days, sku in enumerate(("MUG", "TEA") * 6)
    ]
    reasons = ("defective", "defective", "changed_mind", "wrong_size", "damaged_on_arrival")
    for order, reason in zip(orders, reasons, strict=False):
        rma = came_back(order, asked_at=NOON, settled_at=NOON + 2 * DAY, paid="10.00", reason=reason)
        tell(rma, ("rma.shipped", DAY / 2), ("rma.received", DAY), ("rma.settled", 2 * DAY))
        Survey.objects.create(rma=rma, ease=5, clarity=4, speed=3, answered_at=NOON + 3 * DAY)
    came_back(orders[7], asked_at=NOON, settled_at=NOON + 4 * DAY, paid="5.00")
    waiting = came_back(orders[8], asked_at=NOON)
    tell(waiting, ("rma.shipped", DAY), ("rma.received", 2 * DAY))
    return orders


def text_of(response):
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())))


def rows_counted(manager, url):
    """How many rows the page behind a mark says it has, and how many its file holds."""
    response = manager.get(url)
    assert response.status_code == 200
    page = response.context["page"]
    parts = urlsplit(url)
    file = manager.get(f"{parts.path.rstrip('/')}.csv?{parts.query}")
    held = list(csv.reader(io.StringIO(b"".join(file.streaming_content).decode())))
    return page.paginator.count, len(held) - 1


def test_the_tiles_name_both_denominators(manager, trade):
    shown = text_of(manager.get(DASHBOARD + QUERY))
    assert "Return rate 58.3 % of 12 orders" in shown
    assert "Refund rate 85.7 % of 7 returned items" in shown


def test_every_tile_leads_to_as_many_rows_as_it_counts(manager, trade):
    tiles = manager.get(DASHBOARD + QUERY).context["tiles"]
    expected = {"Return rate": 7, "Refund rate": 7, "Processing time": 6, "Cost of returns": 7, "Lost revenue": 7}
    expected["Customers’ verdict"] = 5
    assert {tile["label"]: rows_counted(manager, tile["url"]) for tile in tiles} == {
        label: (count, count) for label, count in expected.items()
    }


def test_every_linked_number_of_every_table_equals_its_rows(manager, trade):
    checked = 0
    for chart in manager.get(DASHBOARD + QUERY).context["charts"]:
        for row in chart["rows"]:
            for cell in row:
                if isinstance(cell, dict) and cell.get("url") and cell["text"].isdigit() and cell["text"] != "0":
                    assert rows_counted(manager, cell["url"]) == (int(cell["text"]), int(cell["text"]))
                    checked += 1
    assert checked == 13


def test_every_mark_of_every_chart_leads_to_rows(manager, trade):
    period = shop_period((NOON - 60 * DAY).date(), (NOON + 30 * DAY).date())
    found = figures(period, Filters("GBP"))
    for name in CHARTS:
        drawn = manager.get(links.chart(name, period, found.filters)).content.decode()
        urls = {html.unescape(url) for url in re.findall(r'<a[^>]* href="([^"]+)"', drawn)}
        assert urls, name
        for url in urls:
            assert manager.get(url).context["page"].paginator.count > 0, (name, url)


@pytest.mark.parametrize("name", CHARTS)
@pytest.mark.parametrize("width", WIDTHS)
def test_drawings_keep_the_strict_policy_and_follow_the_pages_colors(manager, trade, name, width):
    response = manager.get(f"/dashboard/charts/{name}.svg{QUERY}&width={width}", HTTP_HX_REQUEST="true")
    assert response["Content-Type"] == "image/svg+xml"
    drawn = response.content.decode()
    assert drawn.startswith("<svg ")
    assert not re.search(r"<script|<style|style=|\son\w+=|javascript:|https?://(?!www\.w3\.org)", drawn)
    assert "var(--" in drawn
    assert 'aria-label="' in drawn


def test_a_chart_opened_by_itself_brings_its_colors_along(manager, trade):
    drawn = manager.get(f"/dashboard/charts/reasons.svg{QUERY}").content.decode()
    assert drawn.startswith('<?xml-stylesheet type="text/css" href="/static/css/drawing.css"?>')


def test_nothing_to_draw_is_drawn_all_the_same(manager):
    for name in CHARTS:
        assert manager.get(f"/dashboard/charts/{name}.svg{QUERY}").status_code == 200
    assert "Nothing was ordered or sent back in these days" in text_of(manager.get(DASHBOARD + QUERY))


@pytest.mark.parametrize(
    ("query", "field", "sentence"),
    [
        ("from=abc", "from", "This is not a day. Write it as 2011-03-31."),
        ("to=2026-02-30", "to", "This is not a day. Write it as 2011-03-31."),
        ("from=0001-01-01", "from", "Please choose a day between 1970-01-01 and 2200-12-31."),
        ("from=2026-02-02&to=2026-02-01", "to", "This day is before the first one."),
        ("from=1980-01-01&to=2026-02-01", "from", "At most ten years at a time, please."),
        ("country=Atlantis", "country", "Nothing was ordered from this country."),
        ("currency=XXX", "currency", "There are no orders in this currency."),
        ("from=%00%00", "from", "This is not a day. Write it as 2011-03-31."),
    ],
)
def test_what_the_address_cannot_mean_is_said_at_its_field(manager, trade, query, field, sentence):
    response = manager.get(f"{DASHBOARD}?{query}")
    assert response.status_code == 400
    assert response.context["form"].errors == {field: [sentence]}
    assert manager.get(f"/dashboard/charts/reasons.svg?{query}").status_code == 400
    assert manager.get(f"/dashboard/rows/orders/?{query}").status_code == 400
    assert manager.get(f"/dashboard/rows/orders.csv?{query}").status_code == 400


@pytest.mark.parametrize("query", ["stage=moon", "ending=moon", f"sku={'x' * 99}", "reason=a b"])
def test_a_list_refuses_what_it_cannot_be_narrowed_to(manager, query):
    assert manager.get(f"/dashboard/rows/orders/?{query}").status_code == 400


@pytest.mark.parametrize("path", ["charts/moon.svg", "rows/moon/", "rows/moon.csv", "reports/moon.csv"])
def test_what_is_not_there_is_not_found(manager, path):
    assert manager.get(DASHBOARD + path).status_code == 404


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.CUSTOMER])
def test_only_who_may_see_reports_gets_in(db, role):
    allowed = role in PERMISSIONS["see reports"]
    for path in ("", "charts/reasons.svg", "rows/orders/", "rows/orders.csv", "reports/costs.csv"):
        assert staff_client(role).get(DASHBOARD + path).status_code == (200 if allowed else 403)


def test_the_page_asks_the_database_as_often_however_much_there_is(manager, trade):
    def asked():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert manager.get(DASHBOARD + QUERY).status_code == 200
        return len(queries)

    cold, warm = asked(), asked()
    assert (cold, warm) == (18, 5)


def test_a_page_beyond_the_last_is_the_last(manager, trade):
    response = manager.get(f"/dashboard/rows/orders/{QUERY}&page=99")
    assert response.context["page"].number == 1


@pytest.mark.parametrize("kind", LISTINGS)
def test_every_list_has_a_page_and_a_file(manager, trade, kind):
    counted, held = rows_counted(manager, f"/dashboard/rows/{kind}/{QUERY}&stage=inspection")
    assert counted == held


def test_a_file_cannot_run_in_a_spreadsheet(manager):
    came_back(an_order(number="=1+1", lines=[Sold(sku="+1", title="@SUM(1)")]), asked_at=NOON)
    for kind in ("orders", "items"):
        body = b"".join(manager.get(f"/dashboard/rows/{kind}.csv{QUERY}").streaming_content).decode()
        assert not [cell for row in csv.reader(io.StringIO(body)) for cell in row if cell[:1] in "=+@" and cell]


def test_a_period_is_cut_into_days_weeks_or_months():
    def days(first, last):
        steps = steps_of(shop_period(first, last))
        return len(steps), sum(step.days for step in steps)

    start = NOON.date()
    assert days(start, start) == (1, 1)
    assert days(start, start + 13 * DAY) == (14, 14)
    assert days(start, start + 20 * DAY) == (3, 21)  # from a Monday
    assert days(start, start + 364 * DAY) == (13, 365)


def test_a_change_names_its_direction_and_whether_it_is_good(manager):
    for days in (1, 100):
        for _ in range(4):
            order = an_order(placed_at=NOON - days * DAY)
        if days == 100:
            came_back(order, asked_at=NOON - 99 * DAY)
    query = f"?from={(NOON - 89 * DAY).date()}&to={NOON.date()}"
    [rate, *_] = manager.get(DASHBOARD + query).context["tiles"]
    assert (rate["delta"], rate["direction"], rate["meaning"]) == ("−25.0 pts", "down", "good")


def test_addresses_say_what_they_show():
    period = shop_period(NOON.date(), NOON.date())
    url = links.rows("orders", period, Filters("GBP", country="EIRE"), returned=1)
    path, _, query = url.partition("?")
    assert path == reverse("reporting:rows", args=["orders"])
    assert query == "from=2026-11-23&to=2026-11-23&currency=GBP&country=EIRE&returned=1"


def test_money_in_rows_is_the_currencys(manager, trade):
    [row, *_] = manager.get(f"/dashboard/rows/returns/{QUERY}").context["rows"]
    assert "£10.00" in row
    assert Decimal("10.00") == trade[0].items_total / 2
