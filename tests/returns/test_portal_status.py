"""The status page and what a customer can do there (R24, R55, R103–R105, S3)."""

import io
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image

from oms.models import Event
from refunds.pricing import price_return
from returns import lifecycle, photos
from returns.lifecycle import Arrived, Finding
from returns.lifecycle.parcels import Bought
from returns.models import RMA, Hold, ReturnPhoto, Survey
from returns.states import HoldStatus, RMAStatus, Settlement
from tests.builders import NOON, Sold, a_return, an_order, the_line

pytestmark = pytest.mark.django_db

DOCK = "user:7"
LABEL = b"%PDF-1.4 the carrier's own bytes"


def said(response: Any) -> str:
    return response.content.decode()


def events(rma: RMA) -> list[str]:
    return list(Event.objects.filter(stream=rma.stream).order_by("sequence").values_list("name", flat=True))


def labeled(rma: RMA) -> RMA:
    bought = Bought(
        "Royal Mail", "Tracked 48", "cheapest", "RM123456789GB", "https://track.example/RM1", Decimal("3.20"),
        "GBP", LABEL, "application/pdf",
    )  # fmt: skip
    lifecycle.label(rma.parcels.get().pk, bought, by="system", at=NOON)
    return RMA.objects.get(pk=rma.pk)


def held(rma: RMA) -> Hold:
    line = the_line(rma)
    arrived = [Arrived(line.pk, line.quantity)]
    [receipt] = lifecycle.receive(rma.number, arrived, form_token=uuid4(), by=DOCK, at=NOON + timedelta(days=3))
    finding = Finding(receipt.pk, line.quantity, "damaged", "", note="The handle is broken.")
    [outcome] = lifecycle.inspect(rma.number, [finding], form_token=uuid4(), by=DOCK, at=NOON + timedelta(days=4))
    return Hold.objects.get(outcome=outcome)


def a_photo() -> photos.Picture:
    return photos.clean(an_upload())


def an_upload() -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), 128).save(out, "JPEG")
    return SimpleUploadedFile("photo.jpg", out.getvalue(), content_type="image/jpeg")


# ── Who gets in ───────────────────────────────────────────────────────────────────────────────────────────────────

PAGES = ("", "label/", "slip.pdf", "survey/", "photos/4a115154-76ec-41cd-a1b6-c05ee06b9251/")


@pytest.mark.parametrize("page", PAGES)
def test_a_wrong_signature_and_an_absent_return_are_the_same_404(client: Client, page: str) -> None:
    rma, other = labeled(a_return(an_order())), a_return(an_order())
    answers = [
        client.get(f"/r/{number}/{signature}/{page}")
        for number, signature in [
            (rma.number, other.signature),
            (rma.number, "x"),
            (rma.number, rma.signature.upper()),
            ("R-0000-00000", rma.signature),
            ("é", "ü"),
        ]
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


@pytest.mark.parametrize("page", ["cancellation/", "answer/", "holds/1/answer/", "survey/"])
def test_nothing_can_be_done_with_a_wrong_signature(client: Client, page: str) -> None:
    rma = a_return(an_order())
    assert client.post(f"/r/{rma.number}/wrong/{page}", {"answer": "accept"}).status_code == 404
    assert events(rma) == ["rma.requested"]


def test_a_new_link_makes_the_old_one_worthless(client: Client) -> None:
    rma = a_return(an_order())
    old = rma.get_portal_path()
    RMA.objects.filter(pk=rma.pk).update(link_version=2)
    assert client.get(old).status_code == 404
    assert client.get(RMA.objects.get().get_portal_path()).status_code == 200


def test_the_page_is_kept_by_no_cache_and_told_to_no_search_engine(client: Client) -> None:
    response = client.get(a_return(an_order()).get_portal_path())
    assert "no-store" in response["Cache-Control"]
    assert '<meta name="robots" content="noindex">' in said(response)
    assert response["Referrer-Policy"] == "same-origin"
    assert "unsafe" not in response["Content-Security-Policy"]


# ── Label and slip ────────────────────────────────────────────────────────────────────────────────────────────────


def test_while_the_label_is_made_the_page_says_so_and_looks_again(client: Client) -> None:
    rma = a_return(an_order())
    page = said(client.get(rma.get_portal_path()))
    assert "The carrier is making your label." in page
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in page
    assert "label-ready.js" in page
    assert client.head(f"{rma.get_portal_path()}label/").status_code == 204

    rma = labeled(rma)
    page = said(client.get(rma.get_portal_path()))
    assert "Approved. Your label is ready." in page
    assert "refresh" not in page
    assert "RM123456789GB" in page
    assert "https://track.example/RM1" in page
    label = client.get(f"{rma.get_portal_path()}label/")
    assert (label.content, label["Content-Type"]) == (LABEL, "application/pdf")
    assert client.head(f"{rma.get_portal_path()}label/").status_code == 200


def test_the_slip_is_one_page_with_a_code_our_scanner_reads(client: Client) -> None:
    import pypdfium2
    import zxingcpp

    rma = labeled(a_return(an_order()))
    slip = client.get(f"{rma.get_portal_path()}slip.pdf")
    assert slip["Content-Type"] == "application/pdf"
    document = pypdfium2.PdfDocument(slip.content)
    assert len(document) == 1
    image = document[0].render(scale=2).to_pil()
    assert [code.text for code in zxingcpp.read_barcodes(image)] == [rma.number]
    text = document[0].get_textpage().get_text_range()
    assert rma.number in text
    assert "Sam Shopper" not in text


def test_a_return_without_a_yes_has_no_slip(client: Client) -> None:
    rma = a_return(an_order(lines=[Sold(gross="900.00", tax="150.00", quantity=1)]))
    assert rma.status == RMAStatus.NEEDS_REVIEW
    assert client.get(f"{rma.get_portal_path()}slip.pdf").status_code == 404


# ── Calling it off ────────────────────────────────────────────────────────────────────────────────────────────────


def test_canceling_twice_cancels_once(client: Client) -> None:
    rma = a_return(an_order())
    path = rma.get_portal_path()
    assert "Cancel this return" in said(client.get(path))
    for _time in range(2):
        assert client.post(f"{path}cancellation/")["Location"] == path
    rma.refresh_from_db()
    assert rma.status == RMAStatus.CANCELED
    assert events(rma) == ["rma.requested", "rma.canceled"]
    assert "Cancel this return" not in said(client.get(path))


def test_what_has_arrived_cannot_be_canceled_and_the_page_says_so(client: Client) -> None:
    rma = a_return(an_order())
    hold = held(rma)
    answer = client.post(f"{rma.get_portal_path()}cancellation/")
    assert answer.status_code == 409
    assert "That was not possible any more" in said(answer)
    rma.refresh_from_db()
    assert rma.status == RMAStatus.INSPECTED
    assert hold.status == HoldStatus.WAITING
    assert Event.objects.filter(name="verb.refused").count() == 1


def test_looking_cancels_nothing(client: Client) -> None:
    rma = a_return(an_order())
    assert client.get(f"{rma.get_portal_path()}cancellation/").status_code == 405
    assert events(rma) == ["rma.requested"]


# ── Answering us ──────────────────────────────────────────────────────────────────────────────────────────────────


def asked() -> RMA:
    rma = a_return(an_order(lines=[Sold(gross="900.00", tax="150.00", quantity=1)]))
    return lifecycle.ask(rma.number, note="Which serial number is it?", by="user:3", at=NOON)


def test_a_question_is_answered_with_words_and_photos(client: Client) -> None:
    rma = asked()
    path = rma.get_portal_path()
    page = said(client.get(path))
    assert "Which serial number is it?" in page
    answer = client.post(f"{path}answer/", {"note": "It is 4711.", "photos": [an_upload()]})
    assert answer["Location"] == path
    rma = RMA.objects.get(pk=rma.pk)
    assert rma.status == RMAStatus.NEEDS_REVIEW
    assert "It is 4711." in rma.note
    photo = ReturnPhoto.objects.get(rma=rma)
    shown = client.get(f"{path}photos/{photo.ref}/")
    assert (shown["Content-Type"], shown.content[:3]) == ("image/jpeg", b"\xff\xd8\xff")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({}, "Write your answer."),
        ({"note": " "}, "Write your answer."),
        ({"note": "x" * 1001}, "at most 1000 characters"),
        ({"note": "x", "photos": SimpleUploadedFile("x.svg", b"<svg/>")}, "not a JPEG, PNG or WebP photo"),
    ],
)
def test_an_answer_that_cannot_be_is_refused_at_its_field(client: Client, data: dict[str, Any], sentence: str) -> None:
    rma = asked()
    answer = client.post(f"{rma.get_portal_path()}answer/", data)
    assert answer.status_code == 422
    assert sentence in said(answer)
    rma.refresh_from_db()
    assert rma.status == RMAStatus.NEEDS_INFO
    assert not ReturnPhoto.objects.exists()


def test_an_answer_nobody_asked_for_keeps_nothing(client: Client) -> None:
    rma = a_return(an_order())
    answer = client.post(f"{rma.get_portal_path()}answer/", {"note": "Hello", "photos": [an_upload()]})
    assert answer.status_code == 409
    assert not ReturnPhoto.objects.exists()


# ── Goods we could not accept ─────────────────────────────────────────────────────────────────────────────────────


def test_refused_goods_are_shown_with_photos_and_wait_for_the_answer(client: Client) -> None:
    rma = a_return(an_order())
    hold = held(rma)
    photo = photos.keep(a_photo(), taken_by=DOCK, at=NOON, rma=rma, line=the_line(rma), outcome=hold.outcome)
    path = rma.get_portal_path()
    page = said(client.get(path))
    assert "We could not accept everything as it came back." in page
    assert "The handle is broken." in page
    assert str(photo.ref) in page
    assert client.post(f"{path}holds/{hold.pk}/answer/", {f"h{hold.pk}-answer": "send_back"})["Location"] == path
    hold.refresh_from_db()
    assert hold.status == HoldStatus.SENT_BACK


def test_the_promise_says_what_waits_for_an_answer(client: Client) -> None:
    rma = a_return(an_order(), quantity=2)
    line = the_line(rma)
    later = {"by": DOCK, "at": NOON + timedelta(days=3)}
    [receipt] = lifecycle.receive(rma.number, [Arrived(line.pk, 1)], form_token=uuid4(), **later)
    lifecycle.inspect(rma.number, [Finding(receipt.pk, 1, "damaged", "")], form_token=uuid4(), **later)
    page = said(client.get(rma.get_portal_path()))
    assert "What stands here for 1 × Blue mug waits for your answer above." in page
    lifecycle.answer_hold(
        Hold.objects.get().pk, answer="dispute", note="It was fine.", by=rma.order.customer.actor, at=later["at"]
    )
    page = said(client.get(rma.get_portal_path()))
    assert "What stands here for 1 × Blue mug waits until we have looked again." in page


@pytest.mark.parametrize(
    ("answer", "note", "sentence"),
    [
        ("", "", "Choose what we should do."),
        ("overturn", "", "Choose one of the three answers."),
        ("dispute", "", "Tell us what you see differently."),
        ("dispute", "x" * 1001, "at most 1000 characters"),
    ],
)
def test_an_answer_about_goods_that_cannot_be_is_refused(client: Client, answer: str, note: str, sentence: str) -> None:
    rma = a_return(an_order())
    hold = held(rma)
    data = {f"h{hold.pk}-answer": answer, f"h{hold.pk}-note": note}
    response = client.post(f"{rma.get_portal_path()}holds/{hold.pk}/answer/", data)
    assert response.status_code == 422
    assert sentence in said(response)
    hold.refresh_from_db()
    assert hold.status == HoldStatus.WAITING


def test_goods_of_another_return_are_not_there(client: Client) -> None:
    rma, other = a_return(an_order()), a_return(an_order())
    hold = held(other)
    response = client.post(f"{rma.get_portal_path()}holds/{hold.pk}/answer/", {f"h{hold.pk}-answer": "accept"})
    assert response.status_code == 404
    assert client.get(f"{rma.get_portal_path()}photos/{uuid4()}/").status_code == 404


def test_an_answer_about_goods_counts_once(client: Client) -> None:
    rma = a_return(an_order())
    hold = held(rma)
    path = f"{rma.get_portal_path()}holds/{hold.pk}/answer/"
    assert client.post(path, {f"h{hold.pk}-answer": "accept"}).status_code == 302
    assert client.post(path, {f"h{hold.pk}-answer": "send_back"}).status_code == 409
    hold.refresh_from_db()
    assert hold.status == HoldStatus.ACCEPTED


# ── Afterwards ────────────────────────────────────────────────────────────────────────────────────────────────────


def finished() -> RMA:
    rma = a_return(an_order())
    RMA.objects.filter(pk=rma.pk).update(
        status=RMAStatus.CLOSED, settlement=Settlement.SETTLED, settled_at=NOON, received_at=NOON, inspected_at=NOON
    )
    return RMA.objects.get(pk=rma.pk)


def test_three_questions_are_asked_once(client: Client) -> None:
    rma = finished()
    path = f"{rma.get_portal_path()}survey/"
    assert "Tell us how it went" in said(client.get(rma.get_portal_path()))
    assert client.get(path).status_code == 200
    assert not Survey.objects.exists()
    assert client.post(path, {"ease": "5", "clarity": "4", "speed": "3", "comment": "Fine"})["Location"] == path
    assert "Thank you, that helps" in said(client.get(path))
    client.post(path, {"ease": "1", "clarity": "1", "speed": "1"})
    survey = Survey.objects.get()
    assert (survey.ease, survey.clarity, survey.speed, survey.comment) == (5, 4, 3, "Fine")
    assert "Tell us how it went" not in said(client.get(rma.get_portal_path()))


@pytest.mark.parametrize("score", ["", "0", "6", "-1", "3.5", "five", "9" * 40, "\x00", "<b>"])
def test_scores_are_one_to_five(client: Client, score: str) -> None:
    rma = finished()
    response = client.post(f"{rma.get_portal_path()}survey/", {"ease": score, "clarity": "4", "speed": "3"})
    assert response.status_code == 422
    assert "Choose a number from 1 to 5." in said(response)
    assert not Survey.objects.exists()


def test_before_the_end_there_is_nothing_to_ask(client: Client) -> None:
    rma = a_return(an_order())
    path = f"{rma.get_portal_path()}survey/"
    assert client.get(path)["Location"] == rma.get_portal_path()
    assert client.post(path, {"ease": "5", "clarity": "4", "speed": "3"}).status_code == 302
    assert not Survey.objects.exists()


def test_statements_of_the_page_do_not_grow_with_its_lines(client: Client) -> None:
    counts = []
    for many in (1, 3):
        order = an_order(lines=[Sold(sku=f"S{n}", title=f"Thing {n}") for n in range(many)])
        wanted = [
            lifecycle.Wanted(line.pk, 1, "arrived_late", "opened", f"note {line.pk}") for line in order.lines.all()
        ]

        rma = lifecycle.request(
            order.number, wanted, resolution="refund", price=price_return, form_token=uuid4(),
            by=order.customer.actor, at=NOON,
        )  # fmt: skip
        with CaptureQueriesContext(connection) as captured:
            assert client.get(rma.get_portal_path()).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]
    assert counts[0] <= 12
