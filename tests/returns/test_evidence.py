"""What stands beside an inspection: checklists, a phone at the station, a second look, and one file for a dispute."""

import hashlib
import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from oms.models import Event
from returns import checklists, evidence, phones, photos, regrading
from returns.lifecycle import Arrived, Finding, inspect, receive
from returns.models import (
    ChecklistAnswers,
    EvidencePack,
    GoodsTerms,
    Outcome,
    PairedPhone,
    Receipt,
    Regrade,
    ReturnPhoto,
)
from tests.builders import NOON, a_return, an_order, the_line
from tests.jobs import run_jobs
from tests.returns.test_photo_matching import jpeg, scene
from tests.staff import a_member, staff_client

pytestmark = pytest.mark.django_db


def a_picture(seed: int = 1) -> bytes:
    return jpeg(scene(seed).resize((160, 120)))


def at_the_dock(quantity: int = 1) -> Receipt:
    rma = a_return(an_order(), quantity=quantity)
    return receive(rma.number, [Arrived(the_line(rma).pk, quantity)], form_token=uuid4(), by="user:7", at=NOON)[0]


def inspected(by: str = "user:7") -> Outcome:
    receipt = at_the_dock()
    return inspect(receipt.line.rma.number, [Finding(receipt.pk, 1, "opened", "")], form_token=uuid4(), by=by, at=NOON)[
        0
    ]


def found(receipt: Receipt, **given: object) -> dict[str, object]:
    fresh = {"form_token": str(uuid4()), "receipt": receipt.pk, "quantity": 1, "condition": "opened"}
    return fresh | given


@pytest.fixture
def dock() -> Client:
    return staff_client("dock")


# ── Checklists ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_old_inspection_shows_the_questions_it_was_asked(dock: Client) -> None:
    receipt, manager = at_the_dock(2), staff_client("manager")
    asked = {"category": "kitchen", "questions": "Handle is whole\n\nBox is there"}
    assert manager.post("/admin/checklists/", asked).status_code == 302
    address = f"/admin/inspection/{receipt.line.rma.number}/"
    first = checklists.of("kitchen")
    assert first is not None
    assert "Handle is whole" in dock.get(address).content.decode()
    dock.post(address, found(receipt, checklist=first.pk, q0="yes", q1="no"))
    manager.post("/admin/checklists/", asked | {"questions": "Smells"})
    page = dock.get(address).content.decode()
    assert re.search(r"Handle is whole: yes.*Box is there: no", page, re.DOTALL)
    assert "Smells" in page
    assert ChecklistAnswers.objects.get().checklist.version == 1
    stale = dock.post(address, found(receipt, checklist=first.pk, q0="yes"))
    assert (stale.status_code, Outcome.objects.count()) == (422, 1)
    second = checklists.of("kitchen")
    assert second is not None
    assert dock.post(address, found(receipt, checklist=second.pk, q0="maybe")).status_code == 422
    assert dock.post(address, found(receipt, checklist=second.pk)).status_code == 302  # nothing has to be answered


def test_a_checklist_is_never_rewritten_and_the_same_is_no_new_version() -> None:
    one = checklists.change("", ["Is it there"], by="user:1", at=NOON)
    assert checklists.change("", ["Is it there "], by="user:1", at=NOON).pk == one.pk
    with pytest.raises(IntegrityError), transaction.atomic():
        type(one).objects.update(questions=["other"])


@pytest.mark.parametrize(
    "given", [{"questions": "a\n" * 30}, {"questions": "x" * 200}, {"questions": "a\na"}, {"category": "no such"}]
)
def test_a_bad_checklist_is_told(given: dict[str, str]) -> None:
    asked = {"category": "", "questions": "Is it there"} | given
    assert staff_client("manager").post("/admin/checklists/", asked).status_code == 422
    assert checklists.of("") is None


# ── The phone ─────────────────────────────────────────────────────────────────────────────────────────────────────


def paired(dock: Client, receipt: Receipt) -> str:
    page = dock.post(f"/admin/inspection/{receipt.line.rma.number}/phone/", {"receipt": receipt.pk})
    assert page.status_code == 200
    return page.context["link"].partition("/phone/")[2].strip("/")


def send(token: str, *contents: bytes) -> int:
    files = [SimpleUploadedFile("../../x.jpg", content, content_type="image/jpeg") for content in contents]
    return Client().post(f"/phone/{token}/", {"photos": files}).status_code


def test_a_phone_adds_photos_to_the_piece_at_hand_and_nothing_else(dock: Client) -> None:
    receipt = at_the_dock()
    token, number = paired(dock, receipt), receipt.line.rma.number
    page = Client().get(f"/phone/{token}/")
    assert (page.status_code, number in page.content.decode()) == (200, False)
    taken = a_picture()
    assert [send(token, taken), send(token, taken), send(token, a_picture(2))] == [302, 302, 302]
    photo, other = ReturnPhoto.objects.order_by("pk")
    assert (photo.taken_by, photo.outcome_id, photo.line_id) == (a_member("dock").actor, None, receipt.line_id)
    so_far = dock.get(f"/admin/inspection/{number}/photos/", {"receipt": receipt.pk}).content.decode()
    assert (str(photo.ref) in so_far, str(other.ref) in so_far) == (True, True)
    dock.post(f"/admin/inspection/{number}/", found(receipt))
    assert set(ReturnPhoto.objects.values_list("outcome", flat=True)) == {Outcome.objects.get().pk}
    assert (send(token, a_picture(3)), Client().get(f"/phone/{token}/").status_code) == (404, 404)  # looked at: ended


def test_a_pairing_ends_by_time_by_hand_and_by_the_next_one(dock: Client) -> None:
    receipt = at_the_dock(2)
    first = paired(dock, receipt)
    second = paired(dock, receipt)
    assert (send(first, a_picture()), send(second, a_picture())) == (404, 302)
    dock.post(f"/admin/inspection/{receipt.line.rma.number}/phone/", {"end": "1"})
    assert send(second, a_picture()) == 404
    third = paired(dock, receipt)
    PairedPhone.objects.filter(ended_at=None).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert send(third, a_picture()) == 404
    assert not PairedPhone.objects.filter(token_hash=third).exists()  # what is kept is a hash
    names = Event.objects.filter(stream=receipt.line.rma.stream).values_list("name", flat=True)
    assert [list(names).count(f"rma.phone_{word}") for word in ("paired", "ended")] == [3, 1]


def test_a_phone_is_told_what_is_wrong_with_a_file(dock: Client) -> None:
    token = paired(dock, at_the_dock())
    assert [send(token), send(token, b"<html>"), send("nonsense", a_picture())] == [422, 422, 404]
    assert not ReturnPhoto.objects.exists()


def test_only_who_inspects_pairs_and_only_pieces_at_hand(dock: Client) -> None:
    receipt = at_the_dock()
    address = f"/admin/inspection/{receipt.line.rma.number}/phone/"
    assert staff_client("agent").post(address, {"receipt": receipt.pk}).status_code == 403
    assert dock.post(address, {"receipt": "x"}).status_code == 404
    dock.post(f"/admin/inspection/{receipt.line.rma.number}/", found(receipt))
    assert dock.post(address, {"receipt": receipt.pk}).status_code == 409
    with pytest.raises(phones.PhoneNotPaired):
        phones.paired("", at=NOON)


# ── A second look ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_chance_chooses_about_as_many_as_the_setting_says() -> None:
    outcomes = [Outcome(ref=uuid4()) for _number in range(4000)]
    assert (
        120 <= sum(regrading.is_chosen(one, GoodsTerms(regrade_percent=5).regrade_percent) for one in outcomes) <= 290
    )
    assert {regrading.is_chosen(one, 0) for one in outcomes} == {False}
    assert {regrading.is_chosen(one, 100) for one in outcomes} == {True}


def test_a_second_person_grades_without_seeing_the_first_result(dock: Client) -> None:
    first = a_member("manager")
    outcome = inspected(first.actor)
    second = Regrade.objects.create(outcome=outcome, first_by=first.actor, chosen_at=NOON)
    address = f"/admin/regrading/{second.pk}/"
    assert address not in staff_client("manager").get("/admin/regrading/").content.decode()
    assert staff_client("manager").post(address, {"condition": "used"}).status_code == 422
    assert address in dock.get("/admin/regrading/").content.decode()
    assert " checked" not in dock.get(address).content.decode()
    assert dock.post(address, {"condition": "rotten"}).status_code == 422
    for _again in range(2):
        assert dock.post(address, {"condition": "used"}).status_code == 302
    second.refresh_from_db()
    assert (second.grade, second.by, outcome.grade) == ("C", a_member("dock").actor, "B")
    assert list(Event.objects.filter(name="rma.regraded").values_list("facts__same", flat=True)) == [False]
    page = staff_client("manager").get("/admin/regrading/agreement/").content.decode()
    assert re.search(r"manager person</th>.*?0 %.*kitchen</th>.*?0 %", page, re.DOTALL)
    with pytest.raises(IntegrityError), transaction.atomic():
        Regrade.objects.filter(pk=second.pk).update(by=first.actor)


def test_inspection_chooses_for_a_second_look(dock: Client) -> None:
    GoodsTerms.objects.update(regrade_percent=100)
    receipt = at_the_dock()
    dock.post(f"/admin/inspection/{receipt.line.rma.number}/", found(receipt))
    assert Regrade.objects.get().first_by == a_member("dock").actor


# ── One file for a dispute ────────────────────────────────────────────────────────────────────────────────────────


def test_one_file_holds_both_sides_their_hashes_and_what_happened() -> None:
    outcome = inspected()
    rma = outcome.receipt.line.rma
    for by, of in ((rma.order.customer.actor, None), ("user:7", outcome)):
        picture = photos.clean(ContentFile(a_picture(3 if of else 4)))
        photos.keep(picture, taken_by=by, at=NOON, rma=rma, line=rma.lines.get(), outcome=of, draft=None)
    agent = staff_client("agent")
    for _again in range(2):
        assert agent.post(f"/returns/{rma.number}/evidence/").status_code == 302
    assert "being put together" in agent.get(f"/returns/{rma.number}/evidence/").content.decode().casefold()
    run_jobs("long")
    pack = EvidencePack.objects.get()
    assert pack.photos == 2
    page = agent.get(f"/returns/{rma.number}/evidence/").content.decode()
    assert [photo.sha256 in page for photo in ReturnPhoto.objects.all()] == [True, True]
    file = agent.post(f"/returns/{rma.number}/evidence/{pack.ref}/")
    assert (file.content[:5], hashlib.sha256(file.content).hexdigest()) == (b"%PDF-", pack.sha256)
    told = Event.objects.filter(name__startswith="evidence.").order_by("sequence")
    assert [one.name for one in told] == ["evidence.asked", "evidence.built", "evidence.fetched"]
    assert told[1].facts["sha256"] == pack.sha256
    html = evidence.html(rma, ReturnPhoto.objects.filter(rma=rma).order_by("pk"), at=NOON)
    assert all(photo.sha256 in html for photo in ReturnPhoto.objects.all())
    assert bytes(told[0].hash).hex() in html
    assert rma.order.customer.name not in html  # nobody is named who need not be


def test_only_who_may_has_the_file() -> None:
    rma = inspected().receipt.line.rma
    for role, expected in (("dock", 403), ("auditor", 403), ("finance", 200)):
        assert staff_client(role).get(f"/returns/{rma.number}/evidence/").status_code == expected
    assert staff_client("agent").post(f"/returns/{rma.number}/evidence/{uuid4()}/").status_code == 404
