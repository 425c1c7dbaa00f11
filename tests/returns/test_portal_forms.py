"""Bad input, form by form: a sentence at the right field, a 4xx, nothing changed."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image

from oms.models import Event, Order, UnitClaim
from returns import drafts, lookups
from returns.models import RMA, ReturnDraft, ReturnPhoto
from returns.states import RMAStatus
from tests.builders import Sold, an_order
from tests.returns.test_portal_walk import fields_of

HOSTILE = [
    "<script>alert(1)</script>",
    "'; DROP TABLE returns_rma; --",
    "{{ 7 * 7 }}{% debug %}",
    "\u202eevil",
    "../../etc/passwd",
    "%00",
    "𝕬" * 400,
    "\x00",
    "=HYPERLINK(1)",
]


def draft_of(order: Order) -> ReturnDraft:
    return lookups.draft_for(order.pk, at=timezone.now())


def photo(name: str = "photo.jpg") -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), 128).save(out, "JPEG")
    return SimpleUploadedFile(name, out.getvalue(), content_type="image/jpeg")


def said(response: Any) -> str:
    return response.content.decode()


def nothing_happened() -> bool:
    return not (RMA.objects.exists() or UnitClaim.objects.exists() or Event.objects.exists())


def answers(line: Any, **more: Any) -> dict[str, Any]:
    given = {"quantity": "1", "reason": "changed_mind", "condition": "opened", "note": ""} | more
    return {"line": line.pk, **{f"l{line.pk}-{name}": value for name, value in given.items()}}


# ── Lookup ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({}, "Enter the number of your order."),
        ({"number": "   ", "proof": "x"}, "Enter the number of your order."),
        ({"number": "T1"}, "Enter your e-mail address or your postcode."),
        ({"number": "9" * 41, "proof": "x"}, "at most 40 characters"),
        ({"number": "T1", "proof": "x" * 255}, "at most 254 characters"),
        ({"number": "T\x001", "proof": "x"}, "Null characters are not allowed."),
    ],
)
def test_a_lookup_that_cannot_be_is_refused_at_its_field(client: Client, data: dict[str, str], sentence: str) -> None:
    response = client.post("/", data)
    assert response.status_code == 422
    assert sentence in said(response)
    assert ReturnDraft.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_find_nothing_and_come_back_harmless(client: Client, text: str) -> None:
    response = client.post("/", {"number": text[:40], "proof": text[:200]})
    assert response.status_code == 422
    assert "<script>alert" not in said(response)


@pytest.mark.django_db
def test_bytes_that_are_no_text_are_a_lookup_that_finds_nothing(client: Client) -> None:
    response = client.post("/", b"number=%ff%fe&proof=%80", content_type="application/x-www-form-urlencoded")
    assert response.status_code == 422


@pytest.mark.django_db
def test_absent_and_foreign_answers_are_the_same_bytes(recent: Callable[..., Order]) -> None:
    order = recent(number="T11111")
    pages = []
    for number in ("T22222", order.number):
        response = Client().post("/", {"number": number, "proof": "max@example.test"})
        token = response.context["csrf_token"]
        pages.append(response.content.replace(number.encode(), b"#").replace(str(token).encode(), b"token"))
        assert response.status_code == 422
    assert pages[0] == pages[1]
    assert b"We cannot find that order with these details." in pages[0]


@pytest.mark.django_db
def test_past_the_limit_right_and_wrong_look_the_same(client: Client, recent: Callable[..., Order]) -> None:
    order = recent()
    for number in range(lookups.TRIES_PER_ORDER):
        client.post("/", {"number": order.number, "proof": f"guess {number}"})
    wrong, right = (client.post("/", {"number": order.number, "proof": proof}) for proof in ("guess", "LE1 5AA"))
    assert wrong.status_code == right.status_code == 200
    assert wrong.content == right.content
    assert ReturnDraft.objects.count() == 0


@pytest.mark.django_db
def test_opening_pages_changes_nothing_and_sets_no_session(client: Client, recent: Callable[..., Order]) -> None:
    draft = draft_of(recent())
    before = ReturnDraft.objects.values().get()
    for path in ("/", f"/return/{draft.ref}/items/", f"/return/{draft.ref}/resolution/", "/policy/", "/privacy/"):
        response = client.get(path)
        assert response.status_code in (200, 302)
        assert set(response.cookies) <= {"csrftoken"}
    assert client.get("/policy/").cookies.keys() == set()
    assert ReturnDraft.objects.values().get() == before
    assert nothing_happened()


# ── Items ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"quantity": ""}, "Enter how many come back."),
        ({"quantity": "0"}, "Enter at least 1."),
        ({"quantity": "-1"}, "Enter at least 1."),
        ({"quantity": "3"}, "At most 2 can come back."),
        ({"quantity": "9" * 30}, "At most 2 can come back."),
        ({"quantity": "1.5"}, "Enter a whole number."),
        ({"quantity": "one"}, "Enter a whole number."),
        ({"quantity": "1e3"}, "Enter a whole number."),
        ({"quantity": "\x00"}, "Enter a whole number."),
        ({"reason": ""}, "Choose why it comes back."),
        ({"reason": "because"}, "Choose one of the reasons."),
        ({"condition": ""}, "Choose what condition it is in."),
        ({"condition": "pristine"}, "Choose one of the conditions."),
        ({"note": "x" * 1001}, "at most 1000 characters"),
        ({"reason": "damaged_on_arrival"}, "Add at least one photo that shows it."),
        *[({"reason": text}, "Choose one of the reasons.") for text in HOSTILE],
    ],
)
def test_an_answer_that_cannot_be_is_refused_at_its_field(
    client: Client, recent: Callable[..., Order], more: dict[str, str], sentence: str
) -> None:
    order = recent()
    draft = draft_of(order)
    response = client.post(f"/return/{draft.ref}/items/", answers(order.lines.get(), **more))
    assert response.status_code == 422
    assert sentence in said(response)
    assert "<script>alert" not in said(response)
    draft.refresh_from_db()
    assert draft.answers == {}
    assert nothing_happened()


@pytest.mark.django_db
@pytest.mark.parametrize("ticked", [[], ["0"], ["-1"], ["9" * 40], ["x"], ["١"], ["1 OR 1=1"], ["foreign"], ["unsent"]])
def test_only_lines_of_this_order_that_were_sent_can_be_chosen(
    client: Client, recent: Callable[..., Order], ticked: list[str]
) -> None:
    order = recent(lines=[Sold(), Sold(sku="LAMP", shipped=0)])
    other = an_order()
    names = {"foreign": str(other.lines.get().pk), "unsent": str(order.lines.get(sku="LAMP").pk)}
    draft = draft_of(order)
    response = client.post(f"/return/{draft.ref}/items/", {"line": [names.get(one, one) for one in ticked]})
    assert response.status_code == 422
    sentence = "does not belong to this order" if ticked else "Choose at least one item to send back."
    assert sentence in said(response)
    draft.refresh_from_db()
    assert draft.answers == {}


@pytest.mark.django_db
def test_a_good_photo_is_kept_though_something_else_is_missing(client: Client, recent: Callable[..., Order]) -> None:
    order = recent()
    line, draft = order.lines.get(), draft_of(order)
    path = f"/return/{draft.ref}/items/"
    refused = client.post(
        path, answers(line, reason="damaged_on_arrival", quantity="9") | {f"l{line.pk}-photos": [photo()]}
    )
    kept = ReturnPhoto.objects.get()
    assert refused.status_code == 422
    assert str(kept.ref) in said(refused)
    shown = client.get(f"/return/{draft.ref}/photos/{kept.ref}/")
    assert (shown.status_code, shown["Content-Type"]) == (200, "image/jpeg")
    assert client.get(f"/return/{uuid4()}/photos/{kept.ref}/").status_code == 404

    accepted = client.post(path, answers(line, reason="damaged_on_arrival"))
    assert accepted.status_code == 302
    assert [one.photos for one in drafts.wanted(draft)] == [0] or drafts.wanted(ReturnDraft.objects.get())[
        0
    ].photos == 1


@pytest.mark.django_db
def test_hostile_files_are_refused_at_the_field(client: Client, recent: Callable[..., Order]) -> None:
    order = recent()
    line, draft = order.lines.get(), draft_of(order)
    for content, sentence in (
        (b"<script>alert(1)</script>", "This file is not a JPEG, PNG or WebP photo."),
        (b"\xff\xd8\xff" + bytes(100), "This photo is damaged and cannot be opened."),
    ):
        upload = SimpleUploadedFile("../x.jpg", content, content_type="image/jpeg")
        response = client.post(
            f"/return/{draft.ref}/items/",
            answers(line, reason="damaged_on_arrival") | {f"l{line.pk}-photos": [upload]},
        )
        assert response.status_code == 422
        assert sentence in said(response)
    six = client.post(
        f"/return/{draft.ref}/items/",
        answers(line, reason="damaged_on_arrival") | {f"l{line.pk}-photos": [photo() for _time in range(6)]},
    )
    assert "At most 5 photos for each item, please." in said(six)
    assert ReturnPhoto.objects.count() == 0


@pytest.mark.django_db
def test_a_kept_photo_can_be_taken_away_but_only_one_s_own(client: Client, recent: Callable[..., Order]) -> None:
    mine, other = recent(), recent()
    first, second = draft_of(mine), draft_of(other)
    for order, draft in ((mine, first), (other, second)):
        line = order.lines.get()
        client.post(
            f"/return/{draft.ref}/items/",
            answers(line, reason="damaged_on_arrival") | {f"l{line.pk}-photos": [photo()]},
        )
    refs = [str(ref) for ref in ReturnPhoto.objects.order_by("id").values_list("ref", flat=True)]
    client.post(f"/return/{first.ref}/items/", answers(mine.lines.get()) | {"remove": [*refs, "nonsense"]})
    assert [str(ref) for ref in ReturnPhoto.objects.values_list("ref", flat=True)] == refs[1:]


@pytest.mark.django_db
def test_a_refused_line_needs_a_note_and_becomes_a_rejected_return_with_its_reason(
    client: Client, recent: Callable[..., Order]
) -> None:
    order = recent(lines=[Sold(final_sale=True)])
    line, draft = order.lines.get(), draft_of(order)
    items = client.get(f"/return/{draft.ref}/items/")
    assert "This was a final sale and cannot be sent back." in said(items)
    without = client.post(f"/return/{draft.ref}/items/", answers(line))
    assert without.status_code == 422
    assert "Tell us why we should take it back all the same." in said(without)

    client.post(f"/return/{draft.ref}/items/", answers(line, note="It was the wrong color in the picture."))
    offer = client.get(f"/return/{draft.ref}/resolution/")
    assert "By our rules this cannot come back" in said(offer)
    confirmed = client.post(f"/return/{draft.ref}/confirmation/", {"resolution": "refund", "confirmed_total": "0.00"})
    rma = RMA.objects.get()
    assert confirmed["Location"] == rma.get_portal_path()
    assert rma.status == RMAStatus.REJECTED
    assert rma.lines.get().note == "It was the wrong color in the picture."
    status = said(client.get(confirmed["Location"]))
    assert "We cannot take this back." in status
    assert "This was a final sale and cannot be sent back." in status


# ── A long order ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
def test_of_a_long_order_items_are_chosen_first_page_by_page(client: Client, recent: Callable[..., Order]) -> None:
    order = recent(lines=[Sold(sku=f"S{n:03d}", title=f"Thing {n:03d}", gross="2.00", tax="0.33") for n in range(45)])
    lines = list(order.lines.order_by("position"))
    draft = draft_of(order)
    items = f"/return/{draft.ref}/items/"
    first = client.get(items)
    assert "Thing 019" in said(first)
    assert "Thing 020" not in said(first)
    assert len(first.content) < 60_000

    shown = [line.pk for line in lines[:20]]
    second = client.post(items, {"line": [lines[3].pk, lines[5].pk], "shown": shown, "page": "2"})
    assert second["Location"] == f"{items}?page=2"
    client.post(items, {"line": [lines[3].pk], "shown": shown, "page": "2"})
    details = client.post(items, {"line": [lines[21].pk], "shown": [line.pk for line in lines[20:40]]})
    assert details["Location"] == f"/return/{draft.ref}/details/"
    page = said(client.get(details["Location"]))
    assert ("Thing 003" in page, "Thing 005" in page, "Thing 021" in page) == (True, False, True)

    data = answers(lines[3]) | answers(lines[21], condition="used")
    data["line"] = [lines[3].pk, lines[21].pk]
    offer = client.post(details["Location"], data)
    assert offer["Location"] == f"/return/{draft.ref}/resolution/"
    assert "You get £1.50 back" in said(client.get(offer["Location"]))


@pytest.mark.django_db
def test_an_item_of_a_long_order_is_found_by_its_words(client: Client, recent: Callable[..., Order]) -> None:
    order = recent(lines=[Sold(sku=f"S{n:03d}", title=f"Thing {n:03d}") for n in range(30)])
    path = f"/return/{draft_of(order).ref}/items/"
    found = said(client.get(path, {"q": "028 THING"}))
    assert ("Thing 028" in found, "Thing 001" in found) == (True, False)
    for words in ("nothing like it", "<script>alert(1)</script>", "\x00"):
        missed = said(client.get(path, {"q": words}))
        assert "No item of this order is called" in missed
        assert "<script>alert" not in missed


@pytest.mark.django_db
def test_details_of_nothing_chosen_lead_back(client: Client, recent: Callable[..., Order]) -> None:
    draft = draft_of(recent())
    for page in ("details", "resolution"):
        assert client.get(f"/return/{draft.ref}/{page}/")["Location"] == f"/return/{draft.ref}/items/"


# ── Confirming ────────────────────────────────────────────────────────────────────────────────────────────────────


def answered(client: Client, order: Order, **more: str) -> ReturnDraft:
    draft = draft_of(order)
    client.post(f"/return/{draft.ref}/items/", answers(order.lines.order_by("position").first(), **more))
    return draft


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({}, "Choose what you would like instead."),
        ({"resolution": "refund"}, "Look at the amount, then confirm."),
        ({"resolution": "gold", "confirmed_total": "10.00"}, "Choose one of the ways shown."),
        ({"resolution": "refund", "confirmed_total": "ten"}, "That is not an amount."),
        ({"resolution": "refund", "confirmed_total": "NaN"}, "That is not an amount."),
        ({"resolution": "refund", "confirmed_total": "10.001"}, "That is not an amount."),
        ({"resolution": "refund", "confirmed_total": "1e400"}, ""),
        ({"resolution": "refund", "confirmed_total": "-10.00"}, "greater than or equal to 0"),
    ],
)
def test_a_confirmation_that_cannot_be_is_refused(
    client: Client, recent: Callable[..., Order], data: dict[str, str], sentence: str
) -> None:
    draft = answered(client, recent())
    response = client.post(f"/return/{draft.ref}/confirmation/", data)
    assert response.status_code == 422
    assert sentence in said(response)
    assert nothing_happened()


@pytest.mark.django_db
def test_another_amount_than_the_one_shown_is_shown_again(client: Client, recent: Callable[..., Order]) -> None:
    draft = answered(client, recent())
    response = client.post(f"/return/{draft.ref}/confirmation/", {"resolution": "refund", "confirmed_total": "999.00"})
    assert response.status_code == 409
    assert "The amount has changed" in said(response)
    assert "You get £10.00 back" in said(response)
    assert not RMA.objects.exists()
    assert Event.objects.get().facts["code"] == "quote_changed"


@pytest.mark.django_db
def test_what_was_chosen_anew_in_another_tab_is_shown_before_it_is_sent(
    client: Client, recent: Callable[..., Order]
) -> None:
    """Both come to the same amount, so the amount would not tell."""
    order = recent(lines=[Sold(gross="10.00", tax="1.67"), Sold(sku="LAMP", gross="10.00", tax="1.67")])
    draft = answered(client, order)
    agreed = fields_of(client.get(f"/return/{draft.ref}/resolution/").content.decode())
    lamp = order.lines.order_by("position").last()
    client.post(f"/return/{draft.ref}/items/", answers(lamp))
    response = client.post(f"/return/{draft.ref}/confirmation/", agreed)
    assert response.status_code == 409
    assert "You chose something else meanwhile" in said(response)
    assert not RMA.objects.exists()
    client.post(f"/return/{draft.ref}/confirmation/", fields_of(response.content.decode()))
    assert RMA.objects.get().lines.get().order_line == lamp


@pytest.mark.django_db
def test_what_somebody_else_took_meanwhile_is_said(client: Client, recent: Callable[..., Order]) -> None:
    order = recent(lines=[Sold(quantity=1, gross="10.00", tax="1.67")])
    draft = answered(client, order)
    UnitClaim.objects.create(order_line=order.lines.get(), units=((0, 1),))
    response = client.post(f"/return/{draft.ref}/confirmation/", {"resolution": "refund", "confirmed_total": "10.00"})
    assert response.status_code in (302, 409)
    if response.status_code == 302:
        assert RMA.objects.get().status == RMAStatus.REJECTED
    else:
        assert "Please choose again." in said(response)
        assert not RMA.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["items", "details", "resolution", "confirmation"])
def test_unknown_and_old_drafts_are_the_same_404(client: Client, recent: Callable[..., Order], page: str) -> None:
    draft = draft_of(recent())
    ReturnDraft.objects.filter(pk=draft.pk).update(updated_at=timezone.now() - timedelta(days=8))
    call = client.post if page == "confirmation" else client.get
    old, unknown = call(f"/return/{draft.ref}/{page}/"), call(f"/return/{uuid4()}/{page}/")
    assert old.status_code == unknown.status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "page"), [("put", "confirmation"), ("post", "resolution"), ("put", "items"), ("delete", "items")]
)
def test_other_methods_are_refused(client: Client, recent: Callable[..., Order], method: str, page: str) -> None:
    draft = draft_of(recent())
    assert getattr(client, method)(f"/return/{draft.ref}/{page}/").status_code == 405


@pytest.mark.django_db
def test_the_answer_to_a_confirmation_opened_again_leads_to_what_it_is_about(
    client: Client, recent: Callable[..., Order]
) -> None:
    draft = draft_of(recent())
    assert client.get(f"/return/{draft.ref}/confirmation/")["Location"] == f"/return/{draft.ref}/resolution/"


# ── Cost and secrecy ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["items", "resolution"])
def test_three_lines_cost_as_many_statements_as_one(client: Client, recent: Callable[..., Order], page: str) -> None:
    counts = []
    for many in (1, 3):
        order = recent(lines=[Sold(sku=f"S{n}", title=f"Thing {n}") for n in range(many)])
        draft = draft_of(order)
        data: dict[str, Any] = {}
        for line in order.lines.all():
            data |= answers(line)
        client.post(f"/return/{draft.ref}/items/", data | {"line": [line.pk for line in order.lines.all()]})
        with CaptureQueriesContext(connection) as captured:
            assert client.get(f"/return/{draft.ref}/{page}/").status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]
    assert counts[0] <= 12


@pytest.mark.django_db
def test_what_people_write_is_sealed(client: Client, recent: Callable[..., Order]) -> None:
    order = recent()
    answered(client, order, note="My neighbor took it in")
    with connection.cursor() as cursor:
        cursor.execute("SELECT answers::text, note FROM returns_returndraft")
        stored_answers, stored_note = cursor.fetchone()
    assert "neighbor" not in stored_answers
    assert b"neighbor" not in bytes(stored_note)
