"""What the desk sees and decides about returns: lists, one return, verbs, and returns opened for a customer."""

import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from inventory.models import Condition
from oms.models import Event, Order
from oms.remembered import forget
from oms.roles import Role
from returns import lifecycle, photos
from returns.lifecycle import Arrived, Finding
from returns.models import RMA, Hold, Parcel, ReturnPhoto
from returns.states import RMA_MACHINE, HoldStatus, RMAStatus
from tests.builders import Sold, a_return, an_order, the_line
from tests.staff import staff_client

pytestmark = pytest.mark.django_db

SEES = (Role.AGENT, Role.DOCK, Role.FINANCE, Role.MANAGER, Role.AUDITOR, Role.ADMINISTRATOR)
DECIDES = (Role.AGENT, Role.MANAGER, Role.ADMINISTRATOR)
ROUTES = {"approve": "approval", "reject": "rejection", "ask": "question", "cancel": "cancellation"}
GIVEN = {
    "approve": {},
    "reject": {"reject-reason": "condition", "reject-note": "It was worn."},
    "ask": {"ask-note": "Which color was it?"},
    "cancel": {"cancel-reason": "customer_asked"},
}
Recent = Callable[..., Order]


@pytest.fixture(autouse=True)
def afresh() -> Any:
    forget()
    yield
    forget()


@pytest.fixture
def agent() -> Client:
    return staff_client(Role.AGENT)


def asked(recent: Recent, **how: Any) -> RMA:
    return a_return(recent(), at=timezone.now(), **how)


def to_review(recent: Recent, **how: Any) -> RMA:
    """A return the policy puts before a person: too valuable."""
    order = recent(lines=[Sold(gross="900.00", tax="150.00", quantity=1)])
    rma = a_return(order, at=timezone.now(), **how)
    assert rma.status == RMAStatus.NEEDS_REVIEW
    return rma


def address(rma: RMA, verb: str) -> str:
    return reverse(f"returns:{ROUTES[verb]}", args=[rma.number])


def everything() -> tuple[Any, ...]:
    return (
        list(RMA.objects.order_by("pk").values_list("pk", "status", "settlement")),
        list(Hold.objects.order_by("pk").values_list("pk", "status")),
        Event.objects.exclude(name="verb.refused").count(),
        Parcel.objects.count(),
    )


def refusals() -> list[str]:
    return list(Event.objects.filter(name="verb.refused").order_by("pk").values_list("facts__code", flat=True))


def rows_of(answer: Any) -> list[str]:
    return [row["number"] for row in answer.context["rows"]]


# ── Lists ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("role", SEES)
def test_who_sees_what(role: Role, recent: Recent) -> None:
    client, rma = staff_client(role), to_review(recent)
    assert client.get(reverse("returns:list")).status_code == 200
    page = client.get(rma.get_absolute_url())
    assert page.status_code == 200
    sees_people = role not in (Role.DOCK, Role.AUDITOR)
    assert ("sam@example.test" in page.content.decode()) == sees_people
    assert ("Sam Shopper" in client.get(reverse("returns:list")).content.decode()) == sees_people
    assert client.get(reverse("returns:review")).status_code == (200 if role in DECIDES else 403)
    for verb in ROUTES:
        assert (address(rma, verb) in page.content.decode()) == (role in DECIDES)


def test_filters_are_words_of_the_address(recent: Recent, agent: Client) -> None:
    open_one = asked(recent)
    reviewed = to_review(recent, reason="wrong_size")
    gone = asked(recent)
    lifecycle.cancel(gone.number, by="user:1", at=timezone.now())

    def found(**query: str) -> set[str]:
        answer = agent.get(reverse("returns:list"), query)
        assert answer.status_code == 200
        return set(rows_of(answer))

    assert found() == {open_one.number, reviewed.number}
    assert found(status="all") == {open_one.number, reviewed.number, gone.number}
    assert found(status="needs-review") == {reviewed.number}
    assert found(status="canceled") == {gone.number}
    assert found(status="finished") == {gone.number}
    assert found(status="at-the-dock") == set()
    assert found(reason="wrong_size") == {reviewed.number}
    assert found(settlement="nothing", status="all") == {gone.number}
    assert found(source="desk") == set()
    assert found(country="United Kingdom") == {open_one.number, reviewed.number}
    assert found(country="France") == set()
    today = timezone.now().date()
    assert found(**{"from": (today - timedelta(days=1)).isoformat()}) == {open_one.number, reviewed.number}
    assert found(to=(today - timedelta(days=2)).isoformat()) == set()
    assert found(q=gone.number.lower().replace("-", " ")) == {gone.number}
    assert found(q=reviewed.order.number) == {reviewed.number}
    assert found(q="sam@example.test") == {open_one.number, reviewed.number, gone.number}
    assert found(q="shopper") == {open_one.number, reviewed.number, gone.number}
    assert found(q="shop") == set()
    assert found(q="' OR 1=1 --") == set()


def test_a_person_is_not_found_by_who_may_not_see_people(recent: Recent) -> None:
    asked(recent)
    dock = staff_client(Role.DOCK)
    for words in ("sam@example.test", "Shopper"):
        assert rows_of(dock.get(reverse("returns:list"), {"q": words})) == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"status": "sleeping"}, "status"),
        ({"settlement": "x" * 3000}, "settlement"),
        ({"source": "<script>"}, "source"),
        ({"reason": "no-such"}, "reason"),
        ({"country": "x" * 61}, "country"),
        ({"from": "yesterday"}, "from"),
        ({"from": "0001-01-01"}, "from"),
        ({"to": "9999-12-31"}, "to"),
        ({"from": "2026-02-02", "to": "2026-02-01"}, "to"),
        ({"q": "x" * 201}, "q"),
        ({"q": "zero\0"}, "q"),
    ],
)
def test_a_filter_that_is_none_says_so(agent: Client, query: dict[str, str], field: str) -> None:
    answer = agent.get(reverse("returns:list"), query)
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == [field]


def test_a_long_list_comes_in_pages(recent: Recent, agent: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("returns.views.desk.listing.PER_PAGE", 2)
    numbers = [asked(recent).number for _one in range(5)]
    pages = [rows_of(agent.get(reverse("returns:list"), {"page": str(number)})) for number in (1, 2, 3)]
    assert pages == [numbers[:2:-1], numbers[2:0:-1], numbers[:1]]
    assert rows_of(agent.get(reverse("returns:list"), {"page": "nonsense"})) == pages[0]


def statements(client: Client, path: str) -> int:
    client.get(path)  # what a process remembers is read once
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(path).status_code == 200
    return len(seen)


def test_lists_cost_the_same_for_one_row_and_for_three(recent: Recent, agent: Client) -> None:
    paths = [reverse("returns:list") + "?status=all&reason=changed_mind&q=shopper", reverse("returns:review")]
    to_review(recent)
    one = [statements(agent, path) for path in paths]
    to_review(recent)
    to_review(recent)
    assert [statements(agent, path) for path in paths] == one
    assert max(one) <= 8


def test_the_review_list_says_why_and_the_oldest_first(recent: Recent, agent: Client) -> None:
    first, second = to_review(recent), to_review(recent)
    answer = agent.get(reverse("returns:review"))
    assert [row["rma"].number for row in answer.context["rows"]] == [first.number, second.number]
    page = answer.content.decode()
    assert "Returns worth more than £500.00 are looked at by a person." in page
    assert "£900.00" in page
    assert answer.context["rows"][0]["history"] == "1 order, 1 return in a year"


# ── One return ────────────────────────────────────────────────────────────────────────────────────────────────────


def arrived(recent: Recent, *, condition: str, quantity: int = 1) -> RMA:
    rma = asked(recent, quantity=quantity)
    now = timezone.now()
    receipts = lifecycle.receive(
        rma.number, [Arrived(the_line(rma).pk, quantity)], form_token=uuid4(), by="user:1", at=now
    )
    found = Condition.objects.get(code=condition)
    finding = Finding(receipts[0].pk, quantity, condition, found.disposition, note="scratched")
    lifecycle.inspect(rma.number, [finding], form_token=uuid4(), by="user:1", at=now)
    return RMA.objects.get(pk=rma.pk)


def test_one_return_costs_at_most_twelve_statements(recent: Recent, agent: Client) -> None:
    full = arrived(recent, condition="damaged", quantity=2)
    for rma in (asked(recent), to_review(recent), full):
        assert statements(agent, rma.get_absolute_url()) <= 12


def test_the_page_tells_the_whole_story(recent: Recent, agent: Client) -> None:
    rma = arrived(recent, condition="opened", quantity=2)
    page = agent.get(rma.get_absolute_url()).content.decode()
    for words in (
        "Asked for",
        "Counted at the dock",
        "2 accepted, 0 refused",
        "No rule speaks against it.",
        "version 1",
        "£20.00",
        "scratched",
        rma.order.number,
        "Blue mug",
        reverse("orders:detail", args=[rma.order.number]),
        rma.get_portal_path(),
    ):
        assert words in page, words
    blind = staff_client(Role.AUDITOR).get(rma.get_absolute_url()).content.decode()
    for words in ("scratched", rma.get_portal_path(), "Sam Shopper", "LE1 5AA"):
        assert words not in blind


def test_an_imported_return_without_quote_or_decision_has_a_page(recent: Recent, agent: Client) -> None:
    rma = asked(recent)
    RMA.objects.filter(pk=rma.pk).update(quote={}, decision={}, policy=None, status=RMAStatus.CLOSED, source="imported")
    page = agent.get(rma.get_absolute_url())
    assert page.status_code == 200
    assert rma.get_portal_path() not in page.content.decode()


def test_numbers_that_are_not_there_are_a_404(agent: Client) -> None:
    for name in ("detail", "approval", "rejection", "question", "cancellation"):
        path = reverse(f"returns:{name}", args=["R-0000-00000"])
        assert (agent.get(path) if name == "detail" else agent.post(path)).status_code == 404
    assert agent.post(reverse("returns:hold_decision", args=[987654321])).status_code == 404


@pytest.mark.parametrize("status", RMAStatus)
def test_buttons_are_what_the_table_allows(status: RMAStatus, recent: Recent) -> None:
    rma = asked(recent)
    RMA.objects.filter(pk=rma.pk).update(status=status)
    page = staff_client(Role.MANAGER).get(rma.get_absolute_url()).content.decode()
    shown = {verb for verb in ROUTES if f'action="{address(rma, verb)}"' in page}
    assert shown == set(RMA_MACHINE.verbs_for(status, Role.MANAGER)) & set(ROUTES)


# ── Deciding ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("verb", "status", "event"),
    [
        ("approve", RMAStatus.APPROVED, "rma.approved"),
        ("reject", RMAStatus.REJECTED, "rma.rejected"),
        ("ask", RMAStatus.NEEDS_INFO, "rma.info_asked"),
        ("cancel", RMAStatus.CANCELED, "rma.canceled"),
    ],
)
def test_a_verb_is_done_once_however_often_it_is_pressed(
    verb: str, status: RMAStatus, event: str, recent: Recent, agent: Client
) -> None:
    rma = to_review(recent)
    for _twice in range(2):
        assert agent.post(address(rma, verb), GIVEN[verb]).url == rma.get_absolute_url()
    rma.refresh_from_db()
    assert rma.status == status
    (recorded,) = Event.objects.filter(stream=rma.stream, name=event)
    assert recorded.actor.startswith("user:")
    assert refusals() == []
    assert "Service agent person".lower() in agent.get(rma.get_absolute_url()).content.decode().lower()


@pytest.mark.parametrize("verb", ROUTES)
@pytest.mark.parametrize("role", [role for role in SEES if role not in DECIDES])
def test_who_may_not_decide(verb: str, role: Role, recent: Recent) -> None:
    rma = to_review(recent)
    before = everything()
    assert staff_client(role).post(address(rma, verb), GIVEN[verb]).status_code == 403
    assert everything() == before


@pytest.mark.parametrize("verb", ["approve", "reject", "ask"])
def test_too_late_is_said_and_recorded(verb: str, recent: Recent, agent: Client) -> None:
    rma = to_review(recent)
    lifecycle.cancel(rma.number, by="user:1", at=timezone.now())
    before = everything()
    answer = agent.post(address(rma, verb), GIVEN[verb])
    assert answer.status_code == 409
    assert "is not possible while this is" in answer.content.decode()
    assert everything() == before
    assert refusals() == ["transition_refused"]


@pytest.mark.parametrize(
    ("verb", "form", "field"),
    [
        ("reject", {"reject-reason": "", "reject-note": "No."}, "reason"),
        ("reject", {"reject-reason": "because", "reject-note": "No."}, "reason"),
        ("reject", {"reject-reason": "other", "reject-note": ""}, "note"),
        ("reject", {"reject-reason": "other", "reject-note": " \n "}, "note"),
        ("reject", {"reject-reason": "other", "reject-note": "x" * 1001}, "note"),
        ("reject", {"reject-reason": "other", "reject-note": "zero\0"}, "note"),
        ("ask", {"ask-note": ""}, "note"),
        ("ask", {"ask-note": "x" * 100_000}, "note"),
        ("approve", {"approve-note": "x" * 1001}, "note"),
        ("cancel", {"cancel-reason": ""}, "reason"),
        ("cancel", {"cancel-reason": "<script>alert(1)</script>"}, "reason"),
    ],
)
def test_a_bad_answer_is_refused_at_its_field(
    verb: str, form: dict[str, str], field: str, recent: Recent, agent: Client
) -> None:
    rma = to_review(recent)
    before = everything()
    answer = agent.post(address(rma, verb), form)
    assert answer.status_code == 422
    assert list(answer.context[f"{verb}_form"].errors) == [field]
    assert "<script>alert" not in answer.content.decode()
    assert everything() == before


def disputed(recent: Recent) -> tuple[RMA, Hold]:
    rma = arrived(recent, condition="damaged")
    hold = Hold.objects.get(outcome__receipt__line__rma=rma)
    lifecycle.answer_hold(
        hold.pk, answer="dispute", note="It was fine when I sent it.", by=rma.order.customer.actor, at=timezone.now()
    )
    return rma, hold


@pytest.mark.parametrize(("decision", "status"), [("overturn", "overturned"), ("uphold", "upheld")])
def test_a_dispute_is_decided_once(decision: str, status: str, recent: Recent, agent: Client) -> None:
    rma, hold = disputed(recent)
    listed = agent.get(reverse("returns:review")).content.decode()
    assert f"{rma.get_absolute_url()}#hold-{hold.pk}" in listed
    assert "It was fine when I sent it." in agent.get(rma.get_absolute_url()).content.decode()
    theirs = Client().get(rma.get_portal_url()).content.decode()
    assert "You see it differently. We are looking at it again." in theirs
    assert "Your money is on its way" not in theirs
    path = reverse("returns:hold_decision", args=[hold.pk])
    for _twice in range(2):
        assert agent.post(path, {"decision": decision}).url == rma.get_absolute_url()
    hold.refresh_from_db()
    assert hold.status == status
    assert Event.objects.filter(stream=rma.stream, name="rma.hold_decided").count() == 1


def test_a_dispute_is_not_decided_by_nonsense_or_by_the_dock(recent: Recent, agent: Client) -> None:
    _rma, hold = disputed(recent)
    path = reverse("returns:hold_decision", args=[hold.pk])
    before = everything()
    for given in ({}, {"decision": "burn"}, {"decision": ["overturn\0"]}):
        assert agent.post(path, given).status_code == 422
    assert staff_client(Role.DOCK).post(path, {"decision": "overturn"}).status_code == 403
    assert agent.post(path, {"decision": "send_back"}).status_code == 409
    assert everything() == before
    assert Hold.objects.get(pk=hold.pk).status == HoldStatus.DISPUTED


# ── Photos ────────────────────────────────────────────────────────────────────────────────────────────────────────


def a_picture() -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), (200, 30, 30)).save(out, "JPEG")
    return SimpleUploadedFile("photo.jpg", out.getvalue(), content_type="image/jpeg")


def test_photos_are_for_who_may_see_photos_and_of_this_return(recent: Recent, agent: Client) -> None:
    rma, other = asked(recent), asked(recent)
    photo = photos.keep(photos.clean(a_picture()), taken_by="user:1", at=timezone.now(), rma=rma, line=the_line(rma))
    path = reverse("returns:photo", args=[rma.number, photo.ref])
    assert path in agent.get(rma.get_absolute_url()).content.decode()
    answer = agent.get(path)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert agent.get(reverse("returns:photo", args=[other.number, photo.ref])).status_code == 404
    auditor = staff_client(Role.AUDITOR)
    assert auditor.get(path).status_code == 403
    assert path not in auditor.get(rma.get_absolute_url()).content.decode()


def test_a_label_that_is_not_there_is_a_404(recent: Recent, agent: Client) -> None:
    rma = asked(recent)
    parcel = rma.parcels.get()
    path = reverse("returns:label", args=[rma.number, parcel.pk])
    assert agent.get(path).status_code == 404
    assert staff_client(Role.AUDITOR).get(path).status_code == 403
    assert agent.get(reverse("returns:label", args=[rma.number, 987654321])).status_code == 404


# ── On the customer's behalf ──────────────────────────────────────────────────────────────────────────────────────


def opened(order: Order, **more: Any) -> dict[str, Any]:
    line = f"line{order.lines.get().pk}"
    given = {f"{line}-quantity": "1", f"{line}-reason": "changed_mind", f"{line}-condition": "opened"}
    extra = {name.replace("line_", f"{line}-"): value for name, value in more.items()}
    return given | {"form_token": str(uuid4()), "step": "preview", "note": "Called us."} | extra


def path_of(order: Order) -> str:
    return reverse("returns:opening", args=[order.number])


def test_from_the_order_to_an_open_return(recent: Recent, agent: Client) -> None:
    order = recent()
    assert agent.get(path_of(order)).status_code == 200
    given = opened(order)
    seen = agent.post(path_of(order), given)
    assert seen.status_code == 200
    assert seen.context["offer"]["verdict"] == "approve"
    assert RMA.objects.count() == 0
    total = seen.context["offer"]["confirmed_total"]
    final = given | {"step": "open", "confirmed_total": total}
    answers = [agent.post(path_of(order), final) for _twice in range(2)]
    rma = RMA.objects.get()
    assert [answer.url for answer in answers] == [rma.get_absolute_url()] * 2
    assert (rma.source, rma.status, rma.quote["total"]) == ("desk", "approved", total)
    assert rma.note == "Called us."
    assert Event.objects.get(stream=rma.stream, name="rma.requested").actor.startswith("user:")
    hidden = set(re.findall(r'<input type="hidden" name="([^"]+)"', seen.content.decode()))
    assert {name for name in final if name != "step"} <= hidden


def test_another_amount_than_the_one_seen_opens_nothing(recent: Recent, agent: Client) -> None:
    order = recent()
    answer = agent.post(path_of(order), opened(order, step="open", confirmed_total="9.99"))
    assert answer.status_code == 409
    assert "The amount changed from £9.99" in answer.content.decode()
    assert answer.context["offer"]["confirmed_total"] != "9.99"
    assert RMA.objects.count() == 0
    assert refusals() == ["quote_changed"]


def test_photos_the_customer_sent_go_with_it(recent: Recent, agent: Client) -> None:
    order = recent()
    given = opened(order, line_reason="damaged_on_arrival", line_condition="")
    refused = agent.post(path_of(order), given)
    assert refused.context["offer"]["verdict"] == "deny"
    seen = agent.post(path_of(order), given | {f"line{order.lines.get().pk}-photos": a_picture()})
    assert seen.context["offer"]["verdict"] == "approve"
    final = given | {"step": "open", "confirmed_total": seen.context["offer"]["confirmed_total"]}
    assert agent.post(path_of(order), final).status_code == 302
    assert ReturnPhoto.objects.get().rma == RMA.objects.get()


def test_what_is_refused_is_opened_as_refused(recent: Recent, agent: Client) -> None:
    order = recent(lines=[Sold(final_sale=True)])
    given = opened(order)
    seen = agent.post(path_of(order), given)
    assert seen.context["offer"]["verdict"] == "deny"
    agent.post(path_of(order), given | {"step": "open", "confirmed_total": seen.context["offer"]["confirmed_total"]})
    assert RMA.objects.get().status == "rejected"


def test_going_back_keeps_what_was_typed(recent: Recent, agent: Client) -> None:
    order = recent()
    answer = agent.post(path_of(order), opened(order, step="change"))
    assert answer.status_code == 200
    assert answer.context["lines"][0]["quantity"].value() == "1"
    assert RMA.objects.count() == 0


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"line_quantity": "3"}, "quantity"),
        ({"line_quantity": "-1"}, "quantity"),
        ({"line_quantity": "9" * 5000}, "quantity"),
        ({"line_quantity": "one"}, "quantity"),
        ({"line_reason": ""}, "reason"),
        ({"line_reason": "I am <b>bored</b>"}, "reason"),
        ({"line_condition": ""}, "condition"),
        ({"line_condition": "mint"}, "condition"),
        ({"line_quantity": "0"}, "__all__"),
        ({"note": "x" * 1001}, "note"),
        ({"note": "zero\0"}, "note"),
        ({"form_token": ""}, "form_token"),
        ({"form_token": "1"}, "form_token"),
        ({"confirmed_total": "NaN"}, "confirmed_total"),
        ({"confirmed_total": "1.2345"}, "confirmed_total"),
        ({"confirmed_total": "9" * 40}, "confirmed_total"),
    ],
)
def test_a_bad_request_is_refused_at_its_field(more: dict[str, str], field: str, recent: Recent, agent: Client) -> None:
    order = recent()
    answer = agent.post(path_of(order), opened(order, **more))
    assert answer.status_code == 422
    assert [name for form in answer.context["refused_forms"] for name in form.errors] == [field]
    assert RMA.objects.count() == 0


def test_a_file_that_is_no_photo_is_refused(recent: Recent, agent: Client) -> None:
    order = recent()
    bad = SimpleUploadedFile("x.jpg", b"<html>", content_type="image/jpeg")
    answer = agent.post(path_of(order), opened(order) | {f"line{order.lines.get().pk}-photos": bad})
    assert answer.status_code == 422
    assert list(answer.context["refused_forms"][0].errors) == ["photos"]


def test_lines_of_other_orders_cannot_be_named(recent: Recent, agent: Client) -> None:
    order, other = recent(), recent()
    answer = agent.post(path_of(order), opened(other))
    assert answer.status_code == 422
    assert RMA.objects.count() == 0


@pytest.mark.parametrize("role", [role for role in SEES if role not in DECIDES])
def test_who_may_not_open_returns(role: Role, recent: Recent) -> None:
    order = recent()
    client = staff_client(role)
    assert client.get(path_of(order)).status_code == 403
    assert client.post(path_of(order), opened(order)).status_code == 403


def test_an_order_with_nothing_left(recent: Recent, agent: Client) -> None:
    order = recent()
    a_return(order, quantity=2, at=timezone.now())
    assert "Nothing of this order can come back" in agent.get(path_of(order)).content.decode()
    assert agent.get(path_of(an_order(shipped_at=None, delivered_at=None))).status_code == 200
    assert agent.get(reverse("returns:opening", args=["NOPE"])).status_code == 404


# ── What the customer gets ────────────────────────────────────────────────────────────────────────────────────────


def test_staff_give_something_else_with_a_reason(recent: Recent, agent: Client) -> None:
    rma = a_return(recent(), at=timezone.now())
    page = f"/returns/{rma.number}/"
    assert "Give something else than: refund" in agent.get(page).content.decode()
    sent = {"choose-resolution": "keep_item", "choose-reason": "not worth the postage"}
    assert agent.post(f"{page}resolution/", sent).status_code == 302
    assert agent.post(f"{page}resolution/", sent).status_code == 302  # once
    rma.refresh_from_db()
    assert [rma.resolution, rma.refund_at, rma.settlement] == ["keep_item", "approval", "due"]
    html = agent.get(page).content.decode()
    assert "refund, keep the item: not worth the postage" in html
    assert "Give something else than" not in html


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({}, "Choose what the customer gets."),
        ({"choose-resolution": "exchange", "choose-reason": "x"}, "Choose one of these."),
        ({"choose-resolution": "keep_item"}, "Say why: it stays with the return."),
        ({"choose-resolution": "keep_item", "choose-reason": "   "}, "Say why: it stays with the return."),
        ({"choose-resolution": "keep_item", "choose-reason": "x" * 121}, "at most 120 characters"),
    ],
)
def test_a_bad_choice_is_refused_at_its_field(sent: dict[str, str], words: str, recent: Recent, agent: Client) -> None:
    rma = a_return(recent(), at=timezone.now())
    answer = agent.post(f"/returns/{rma.number}/resolution/", sent)
    assert [answer.status_code, words in answer.content.decode()] == [422, True]
    rma.refresh_from_db()
    assert rma.resolution == "refund"


def test_once_money_is_due_nothing_else_is_given(recent: Recent, agent: Client) -> None:
    rma = a_return(recent(), at=timezone.now())
    RMA.objects.filter(pk=rma.pk).update(settlement="due")
    sent = {"choose-resolution": "keep_item", "choose-reason": "x"}
    answer = agent.post(f"/returns/{rma.number}/resolution/", sent)
    assert [answer.status_code, "The money for this is on its way already" in answer.content.decode()] == [409, True]


def test_opened_with_what_the_policy_does_not_offer(recent: Recent, agent: Client) -> None:
    order = recent()
    page, line = f"/returns/new/{order.number}/", order.lines.get().pk
    sent = {
        "form_token": str(uuid4()),
        f"line{line}-quantity": "1",
        f"line{line}-reason": "changed_mind",
        f"line{line}-condition": "opened",
        "resolution": "keep_item",
    }
    assert (
        "A person decides how this return is settled." in agent.post(page, sent | {"step": "preview"}).content.decode()
    )
    sent |= {"override_reason": "bulky, no postage"}
    html = agent.post(page, sent | {"step": "preview"}).content.decode()
    assert "You keep it and get £10.00 back" in html
    agent.post(page, sent | {"step": "open", "confirmed_total": "10.00"})
    rma = RMA.objects.get()
    assert [rma.resolution, rma.status, rma.settlement] == ["keep_item", "approved", "due"]
    assert rma.decision["override"]["reason"] == "bulky, no postage"


def test_a_reason_without_a_choice_is_refused(recent: Recent, agent: Client) -> None:
    order = recent()
    line = order.lines.get().pk
    sent = {"form_token": str(uuid4()), f"line{line}-quantity": "1", f"line{line}-reason": "changed_mind"}
    sent |= {f"line{line}-condition": "opened", "override_reason": "because", "step": "preview"}
    answer = agent.post(f"/returns/new/{order.number}/", sent)
    assert [answer.status_code, "Choose what they get." in answer.content.decode()] == [422, True]
