"""The paper of a credit memo: what stands on it, who may open it, and that what is kept is sealed."""

from decimal import Decimal
from uuid import uuid4

import pypdfium2
import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from oms.models import Order
from oms.roles import Role
from refunds import lifecycle
from refunds.models import CreditMemo
from refunds.views.paper import memo_html, memo_pdf
from tests.builders import an_order
from tests.refunds.cases import LATER, a_requested_refund
from tests.refunds.test_memo_numbers import as_if_committed
from tests.staff import staff_client

pytestmark = pytest.mark.django_db


def a_memo(order: Order | None = None) -> CreditMemo:
    memo = a_requested_refund(order).memo
    as_if_committed()
    return CreditMemo.objects.select_related("order__customer", "rma", "numbering").get(pk=memo.pk)


def words_of(pdf: bytes) -> str:
    return " ".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf))


def test_the_paper_names_both_sides_the_lines_and_the_taxes() -> None:
    memo = a_memo()
    shown = words_of(memo_pdf(memo))
    customer = memo.order.customer
    line = memo.quote["lines"][0]
    for expected in (
        "Credit memo", memo.document, memo.order.number, memo.rma.number, customer.name, customer.street,
        line["description"], f"£{memo.total:.2f}", f"£{memo.tax:.2f}", f"£{memo.net:.2f}", "Tax 20 %",
    ):  # fmt: skip
        assert expected in shown


def test_goodwill_has_a_line_of_its_own() -> None:
    [refund] = lifecycle.request_goodwill(
        an_order().number, Decimal("5.00"), form_token=uuid4(), by="user:1", at=LATER
    )  # fmt: skip
    as_if_committed()
    page = memo_html(CreditMemo.objects.select_related("order__customer", "rma", "numbering").get(pk=refund.memo_id))
    assert "Goodwill" in page
    assert "£5.00" in page


def test_the_customer_opens_it_by_a_link_nobody_can_guess() -> None:
    memo = a_memo()
    path = reverse("documents:memo", args=[memo.number, memo.signature])
    response = Client().get(path)
    assert (response.status_code, response["Content-Type"]) == (200, "application/pdf")
    assert response["Content-Disposition"] == f'inline; filename="{memo.document}.pdf"'
    for number, signature in ((memo.number, "a" * 26), ("C-0000-00000", memo.signature)):
        assert Client().get(reverse("documents:memo", args=[number, signature])).status_code == 404


def test_the_status_page_offers_it_once_it_has_its_number() -> None:
    memo = a_memo()
    path = reverse("documents:memo", args=[memo.number, memo.signature])
    page = Client().get(memo.rma.get_portal_path()).content.decode()
    assert f'href="{path}"' in page
    assert memo.document in page


def test_a_new_link_of_the_return_ends_the_old_one_of_its_paper() -> None:
    memo = a_memo()
    path = reverse("documents:memo", args=[memo.number, memo.signature])
    memo.rma.link_version += 1
    memo.rma.save(update_fields=["link_version"])
    assert Client().get(path).status_code == 404


def test_staff_who_see_the_books_open_it_too() -> None:
    memo = a_memo()
    path = reverse("books:memo", args=[memo.number])
    assert staff_client(Role.FINANCE).get(path)["Content-Type"] == "application/pdf"
    assert staff_client(Role.AGENT).get(path).status_code == 403


def test_what_is_kept_is_sealed_with_the_customers_key() -> None:
    memo = a_memo()
    paper = memo_pdf(memo)
    kept = cache.get(f"memo/{memo.ref}/{memo.document}/True")
    assert paper not in kept
    assert memo_pdf(memo) == paper


def test_an_erased_person_is_on_no_paper() -> None:
    memo = a_memo()
    name = memo.order.customer.name
    assert name in memo_html(memo)
    memo.order.customer.wrapped_key = None
    assert name not in memo_html(memo)


def test_staff_who_see_no_personal_data_get_it_without_the_name() -> None:
    memo = a_memo()
    paper = staff_client(Role.AUDITOR).get(reverse("books:memo", args=[memo.number])).content
    assert memo.document in words_of(paper)
    assert memo.order.customer.name not in words_of(paper)


def test_the_list_shows_a_series_and_its_last_number() -> None:
    memo = a_memo()
    client = staff_client(Role.FINANCE)
    page = client.get(reverse("books:memos")).content.decode()
    assert memo.document in page
    assert "numbers 1 to 1, none left out" in page
    for words, shown in (({"q": memo.document}, True), ({"q": memo.order.number}, True), ({"q": "T99999999"}, False)):
        assert (memo.document in client.get(reverse("books:memos"), words).content.decode()) is shown
    assert client.get(reverse("books:memos"), {"series": "1999"}).status_code == 400
