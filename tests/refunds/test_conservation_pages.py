"""The monitor's page, its nightly look, and the pages of taxes and exports beside it."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from oms.models import Payment
from oms.roles import PERMISSIONS, Role
from refunds import tasks
from refunds.conservation.watching import watch
from refunds.models import ConservationRun
from tests.jobs import run_jobs
from tests.refunds.cases import LATER, a_requested_refund
from tests.refunds.test_conservation import a_sale, give_back
from tests.refunds.test_memo_numbers import as_if_committed
from tests.staff import staff_client

pytestmark = pytest.mark.django_db


def text(response: object) -> str:
    return " ".join(response.content.decode().split())  # type: ignore[attr-defined]


def page(role: str = Role.FINANCE) -> str:
    return text(staff_client(role).get(reverse("books:conservation")))


def test_nobody_has_looked_yet() -> None:
    assert "Nobody has looked yet" in page()


def test_a_look_that_finds_nothing_reads_zero() -> None:
    give_back(a_sale(), {"MUG": 1})
    assert tasks.watch_conservation() == 0
    shown = page()
    assert "Drift in GBP" in shown
    assert shown.count("£0.00") >= 3  # the tile, credited, drift
    assert "nothing drifts" in shown
    assert "What drifts" not in shown


def test_what_drifts_is_named_with_both_sides_and_leads_to_the_order() -> None:
    order = a_sale()
    Payment.objects.filter(order=order).update(refunded=Decimal("0.01"))
    watch(by="system", at=LATER)
    shown = page()
    for expected in (
        "1 order, order line or tax line does not add up.",
        f'href="{reverse("orders:detail", args=[order.number])}"',
        f'href="{reverse("books:entries")}?q={order.number}"',
        "Refunded, by the payments",
        "0.01 GBP",
        "£0.02",
    ):
        assert expected in shown


def test_somebody_may_ask_for_a_look() -> None:
    a_sale()
    client = staff_client(Role.FINANCE)
    assert client.post(reverse("books:conservation_check")).status_code == 302
    run_jobs()
    assert ConservationRun.objects.get().drifting == 0
    assert staff_client(Role.AUDITOR).post(reverse("books:conservation_check")).status_code == 403


def test_earlier_looks_stay_to_be_seen() -> None:
    a_sale()
    first = watch(by="system", at=LATER)
    Payment.objects.update(refunded=Decimal("0.01"))
    watch(by="system", at=LATER)
    client = staff_client(Role.FINANCE)
    assert "does not add up" in text(client.get(reverse("books:conservation")))
    assert "does not add up" not in text(client.get(reverse("books:conservation"), {"run": first.pk}))
    assert client.get(reverse("books:conservation"), {"run": 10**15}).status_code == 404


def test_the_page_costs_the_same_with_one_and_with_three_findings() -> None:
    client, counts = staff_client(Role.FINANCE), []
    client.get(reverse("books:conservation"))
    for number in ("1001", "1002", "1003"):
        Payment.objects.filter(order=a_sale(number)).update(refunded=Decimal("0.01"))
        watch(by="system", at=LATER)
        with CaptureQueriesContext(connection) as made:
            client.get(reverse("books:conservation"))
        counts.append(len(made))
    assert len(set(counts)) == 1


# ── Taxes ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_page_of_taxes_adds_up() -> None:
    give_back(a_sale(), {"MUG": 1, "BOOK": 2})
    client, words = staff_client(Role.AUDITOR), {"since": "2026-11-01", "until": "2026-11-30"}
    shown = text(client.get(reverse("books:taxes"), words))
    for expected in ("20 %", "£8.32", "£1.67", "5 %", "£0.48", "£2.15", "£19.99"):
        assert expected in shown
    assert "report_csv" not in shown
    assert reverse("reporting:report_csv", args=["refund_taxes"]) in shown
    assert "No tax went back in these days" in text(client.get(reverse("books:taxes"), words | {"until": "2026-11-02"}))


def test_days_that_cannot_be_meant_are_refused() -> None:
    client = staff_client(Role.FINANCE)
    for words in ({"since": "2026-02-01", "until": "2026-01-01"}, {"since": "x"}, {"country": "Nowhere"}):
        assert client.get(reverse("books:taxes"), words).status_code == 400


# ── Exports ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_file_is_streamed_under_its_name() -> None:
    a_sale()
    client = staff_client(Role.FINANCE)
    assert "Beancount ledger" in text(client.get(reverse("books:exports")))
    words = {"layout": "beancount", "since": "2026-11-01", "until": "2026-11-30"}
    response = client.get(reverse("books:exports"), words)
    assert response["Content-Disposition"] == 'attachment; filename="beancount-2026-11-01-2026-11-30.beancount"'
    assert b"Liabilities:SalesTax" in b"".join(response.streaming_content)  # type: ignore[attr-defined]


def test_an_export_needs_a_layout_and_days() -> None:
    client = staff_client(Role.FINANCE)
    for words in (
        {"layout": "abacus", "since": "2026-11-01", "until": "2026-11-30"},
        {"layout": "beancount", "since": "2026-11-30", "until": "2026-11-01"},
        {"layout": "beancount", "since": "", "until": "2026-11-01"},
    ):
        assert client.get(reverse("books:exports"), words).status_code == 400


def test_who_sees_no_names_gets_none() -> None:
    assert PERMISSIONS["export books"] == {Role.FINANCE, Role.MANAGER, Role.ADMINISTRATOR}
    assert staff_client(Role.AUDITOR).get(reverse("books:exports")).status_code == 403
    assert (reverse("books:exports") in page(Role.FINANCE), reverse("books:exports") in page(Role.AUDITOR)) == (
        True,
        False,
    )
    memo = a_requested_refund().memo
    as_if_committed()
    assert staff_client(Role.AUDITOR).get(reverse("books:memo", args=[memo.number])).status_code == 200
