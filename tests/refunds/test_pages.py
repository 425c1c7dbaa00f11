"""What finance sees and clicks: the buttons are the status table's, the role guards every one of them."""

from decimal import Decimal
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from oms.models import Event, InboundWebhook, Payment, User
from oms.roles import Role
from refunds import lifecycle
from refunds.gateways.base import RefundAnswer
from refunds.lifecycle.approving import as_seen
from refunds.models import Refund, RefundEvidence
from refunds.states import REFUND_MACHINE, RefundStatus
from tests.policies import less_is_paid_at_once
from tests.refunds.cases import FINANCE, LATER, a_paid_order, a_refund_in, a_requested_refund, everything, money

pytestmark = pytest.mark.django_db

S = RefundStatus
ROUTES = {
    "approve": "approval",
    "refuse": "refusal",
    "retry": "attempts",
    "cancel": "cancellation",
    "confirm_paid": "confirmation",
    "redirect": "destination",
    "spread": "tenders",
}
SEES = (Role.AGENT, Role.FINANCE, Role.MANAGER, Role.AUDITOR, Role.ADMINISTRATOR)


def signed_in(role: Role) -> Client:
    user = User.objects.create_user(f"{uuid4().hex}@example.test", "a long enough password", name="Kim", role=role)
    client = Client()
    client.force_login(user)
    session = client.session
    session["account_authentication_methods"] = [{"method": "mfa"}]
    session.save()
    client.user = user  # type: ignore[attr-defined]
    return client


@pytest.mark.parametrize("role", [role for role in Role if role != Role.CUSTOMER])
def test_who_sees_refunds(role: Role) -> None:
    client = signed_in(role)
    number = a_requested_refund().number
    status = 200 if role in SEES else 403
    assert client.get(reverse("refunds:list")).status_code == status
    assert client.get(reverse("refunds:detail", args=[number])).status_code == status
    assert client.get(reverse("refunds:unattached")).status_code == status


@pytest.mark.parametrize("role", [Role.AGENT, Role.DOCK, Role.MANAGER, Role.AUDITOR])
@pytest.mark.parametrize("verb", ROUTES)
def test_who_may_not_move_money(role: Role, verb: str) -> None:
    refund = a_refund_in(S.AWAITING_APPROVAL)
    before = everything(refund)
    path = reverse(f"refunds:{ROUTES[verb]}", args=[refund.number])
    assert signed_in(role).post(path, {"reason": "no", "paid": "yes", "after": "0"}).status_code == 403
    assert everything(refund) == before


def test_anonymous_is_sent_to_log_in(client: Client) -> None:
    assert client.get(reverse("refunds:list")).status_code == 302


@pytest.mark.parametrize(
    "status", [S.AWAITING_APPROVAL, S.APPROVED, S.SUBMITTED, S.PENDING, S.SETTLED, S.FAILED, S.CANCELED]
)
def test_buttons_are_what_the_table_allows(status: RefundStatus) -> None:
    refund = a_refund_in(status)
    page = signed_in(Role.FINANCE).get(refund.get_absolute_url()).content.decode()
    shown = {verb for verb, route in ROUTES.items() if reverse(f"refunds:{route}", args=[refund.number]) in page}
    expected = {verb for verb in REFUND_MACHINE.verbs_for(status, Role.FINANCE) if not verb.startswith("confirm")}
    assert shown == expected - {"spread"}  # there is one payment, so nothing to choose


def test_approving_and_its_story() -> None:
    refund = a_refund_in(S.AWAITING_APPROVAL)
    client = signed_in(Role.FINANCE)
    answer = client.post(reverse("refunds:approval", args=[refund.number]), seen(refund), follow=True)
    assert answer.redirect_chain == [(refund.get_absolute_url(), 302)]
    assert Refund.objects.get(pk=refund.pk).status == S.APPROVED
    assert Event.objects.get(stream=refund.stream, name="refund.approved").actor == client.user.actor
    assert "Kim" in answer.content.decode()


def test_nobody_approves_what_they_asked_for() -> None:
    client = signed_in(Role.ADMINISTRATOR)
    order = a_paid_order()
    token = str(uuid4())
    asked = client.post(
        reverse("refunds:goodwill", args=[order.number]), {"amount": "5.00", "reason": "late", "form_token": token}
    )
    refund = Refund.objects.get(order=order)
    assert asked.url == refund.get_absolute_url()
    page = client.get(refund.get_absolute_url()).content.decode()
    assert reverse("refunds:approval", args=[refund.number]) not in page
    before = everything(refund)
    refused = client.post(reverse("refunds:approval", args=[refund.number]), seen(refund))
    assert refused.status_code == 409
    assert "another person has to approve it" in refused.content.decode()
    assert everything(refund) == before
    assert Event.objects.get(name="verb.refused").facts == {
        "verb": "approve",
        "subject": refund.stream,
        "code": "own_request",
    }


@pytest.mark.parametrize(
    "amount", ["", "0", "0.00", "-1", "1.005", "1e3", "abc", "NaN", "9" * 30, "20.01", "½", "<b>1</b>", "1,50"]
)
def test_hostile_amounts_are_refused_at_the_field(amount: str) -> None:
    order = a_paid_order()
    path = reverse("refunds:goodwill", args=[order.number])
    answer = signed_in(Role.MANAGER).post(path, {"amount": amount, "reason": "late", "form_token": str(uuid4())})
    assert answer.status_code == 422
    assert "amount" in answer.context["form"].errors
    assert money(order) == (0, 0)


@pytest.mark.parametrize("reason", ["", "because"])
def test_goodwill_needs_a_reason(reason: str) -> None:
    order = a_paid_order()
    form = {"amount": "1.00", "reason": reason, "form_token": str(uuid4())}
    answer = signed_in(Role.MANAGER).post(reverse("refunds:goodwill", args=[order.number]), form)
    assert [answer.status_code, list(answer.context["form"].errors)] == [422, ["reason"]]
    assert money(order) == (0, 0)


@pytest.mark.parametrize("token", ["", "x", "00000000"])
def test_a_form_without_its_token_is_refused(token: str) -> None:
    order = a_paid_order()
    path = reverse("refunds:goodwill", args=[order.number])
    assert (
        signed_in(Role.MANAGER).post(path, {"amount": "1.00", "reason": "late", "form_token": token}).status_code == 422
    )
    assert money(order) == (0, 0)


def test_the_same_form_twice_asks_once() -> None:
    order = a_paid_order()
    client = signed_in(Role.AGENT)
    path, form = (
        reverse("refunds:goodwill", args=[order.number]),
        {"amount": "3.00", "reason": "service", "form_token": str(uuid4())},
    )
    assert client.post(path, form).url == client.post(path, form).url
    assert money(order) == (0, Decimal("3.00"))


def test_refusing_needs_a_reason() -> None:
    refund = a_refund_in(S.AWAITING_APPROVAL)
    client = signed_in(Role.FINANCE)
    path = reverse("refunds:refusal", args=[refund.number])
    assert client.post(path, {"reason": "  "}).status_code == 422
    assert client.post(path, {"reason": "x" * 61}).status_code == 422
    assert Refund.objects.get(pk=refund.pk).status == S.AWAITING_APPROVAL
    assert client.post(path, {"reason": "paid in cash"}).status_code == 302
    assert Refund.objects.get(pk=refund.pk).status == S.CANCELED


def test_sending_again_twice_is_one_retry() -> None:
    refund = a_refund_in(S.FAILED)
    client = signed_in(Role.FINANCE)
    path = reverse("refunds:attempts", args=[refund.number])
    for _click in range(2):
        assert client.post(path, {"after": "1"}).status_code == 302
    assert Event.objects.filter(stream=refund.stream, name="refund.retried").count() == 1


@pytest.mark.parametrize("after", ["", "-1", "x", "9" * 20])
def test_retry_with_a_strange_count_changes_nothing_twice(after: str) -> None:
    refund = a_refund_in(S.FAILED)
    answer = signed_in(Role.FINANCE).post(reverse("refunds:attempts", args=[refund.number]), {"after": after})
    assert answer.status_code == 302
    assert Event.objects.filter(stream=refund.stream, name="refund.retried").count() == 0


def test_confirming_needs_a_word() -> None:
    refund = a_refund_in(S.PENDING)
    path = reverse("refunds:confirmation", args=[refund.number])
    client = signed_in(Role.FINANCE)
    assert client.post(path, {"paid": "perhaps"}).status_code == 422
    assert client.post(path, {"paid": "yes"}).status_code == 409
    assert Refund.objects.get(pk=refund.pk).status == S.PENDING


def test_unknown_numbers_are_not_there() -> None:
    client = signed_in(Role.ADMINISTRATOR)
    for number in ("F-0000-00000", "%00", "x" * 300, "../../etc"):
        assert client.get(f"/refunds/{number}/").status_code == 404
        assert client.post(f"/refunds/{number}/approval/").status_code == 404


@pytest.mark.parametrize(
    "query",
    ["view=approval", "view=open", "view=failed", "view=x", "status=settled", "q=F-1", "page=99", "q=%00", "status=x"],
)
def test_the_list_takes_any_query(query: str) -> None:
    a_refund_in(S.AWAITING_APPROVAL)
    answer = signed_in(Role.FINANCE).get(f"{reverse('refunds:list')}?{query}")
    assert answer.status_code == (400 if query in ("q=%00", "status=x") else 200)


def test_the_list_filters() -> None:
    waiting, failed = a_refund_in(S.AWAITING_APPROVAL), a_refund_in(S.FAILED)
    client = signed_in(Role.FINANCE)

    def listed(query: str) -> set[str]:
        page = client.get(f"{reverse('refunds:list')}?{query}").content.decode()
        return {one.number for one in (waiting, failed) if one.number in page}

    assert listed("") == {waiting.number, failed.number}
    assert listed("view=approval") == {waiting.number}
    assert listed("view=failed") == {failed.number}
    assert listed(f"q={failed.order.number.lower()}") == {failed.number}
    assert listed(f"q={failed.rma.number}") == {failed.number}


def test_messages_without_a_refund_are_listed() -> None:
    InboundWebhook.objects.create(
        provider="stripe", external_id="evt_1", kind="refund.created", received_at=LATER, trouble="not_ours"
    )
    client = signed_in(Role.FINANCE)
    assert "fits no refund of ours" in client.get(reverse("refunds:list")).content.decode()
    assert "evt_1" in client.get(reverse("refunds:unattached")).content.decode()


def test_every_difference_is_on_the_page() -> None:
    less_is_paid_at_once()
    refund = a_requested_refund(quantity=2, condition="used")
    page = signed_in(Role.FINANCE).get(refund.get_absolute_url()).content.decode()
    outcome = refund.memo.lines.get().outcome_id
    assert f"(outcome {outcome}): 10.00 instead of 20.00" in page


def test_the_list_costs_the_same_with_more_rows() -> None:
    client = signed_in(Role.FINANCE)
    a_requested_refund()
    with CaptureQueriesContext(connection) as one:
        client.get(reverse("refunds:list"))
    for _more in range(2):
        a_requested_refund()
    with CaptureQueriesContext(connection) as three:
        client.get(reverse("refunds:list"))
    assert len(three) == len(one)


def test_by_hand_is_confirmed_on_the_page() -> None:
    refund = a_requested_refund()
    lifecycle.submit(refund.number, by="system", at=LATER)
    Payment.objects.filter(pk=refund.payment_id).update(method="manual")
    client = signed_in(Role.FINANCE)
    assert "It was paid" in client.get(refund.get_absolute_url()).content.decode()
    path = reverse("refunds:confirmation", args=[refund.number])
    for missing in ({}, {"method": "cash"}, {"method": "shells", "reference": "T-1"}):
        assert client.post(path, {"paid": "yes"} | missing).status_code == 422
    proof = SimpleUploadedFile("slip.pdf", b"%PDF-1.4\n1 0 obj\n%%EOF\n")
    form = {"paid": "yes", "method": "transfer", "reference": "TRX-7712", "proof": proof}
    assert client.post(path, form).status_code == 302
    kept = RefundEvidence.objects.get(refund=refund)
    assert (kept.method, kept.reference, kept.given_by) == ("transfer", "TRX-7712", client.user.actor)
    page = client.get(refund.get_absolute_url()).content.decode()
    assert "TRX-7712" in page
    shown = client.get(reverse("refunds:evidence", args=[refund.number, kept.ref]))
    assert (shown.content[:5], shown["Content-Type"]) == (b"%PDF-", "application/pdf")
    assert shown["Content-Disposition"].startswith("attachment")
    auditor = signed_in(Role.AUDITOR)
    assert "TRX-7712" not in auditor.get(refund.get_absolute_url()).content.decode()
    assert auditor.get(reverse("refunds:evidence", args=[refund.number, kept.ref])).status_code == 403
    assert Refund.objects.get(pk=refund.pk).status == S.SETTLED


def seen(refund: Refund) -> dict[str, str]:
    """What the form of an approval carries."""
    amount, destination = as_seen(refund)
    return {"amount": amount, "destination": destination}


# ── The inbox of approvals ────────────────────────────────────────────────────────────────────────────────────────


def test_the_inbox_says_who_why_how_much_and_since_when() -> None:
    refund = a_refund_in(S.AWAITING_APPROVAL)
    client = signed_in(Role.FINANCE)
    page = client.get(reverse("refunds:approvals")).content.decode()
    for words in (refund.number, "5.00", "goodwill", refund.get_absolute_url(), refund.order.number):
        assert words in page
    assert client.post(reverse("refunds:approval", args=[refund.number]), seen(refund)).status_code == 302
    assert "Nothing waits for a second person" in client.get(reverse("refunds:approvals")).content.decode()


def test_the_inbox_costs_the_same_for_one_and_three() -> None:
    client = signed_in(Role.FINANCE)
    a_refund_in(S.AWAITING_APPROVAL)
    with CaptureQueriesContext(connection) as one:
        client.get(reverse("refunds:approvals"))
    for _more in range(2):
        a_refund_in(S.AWAITING_APPROVAL)
    with CaptureQueriesContext(connection) as three:
        client.get(reverse("refunds:approvals"))
    assert len(three) == len(one)


@pytest.mark.parametrize("form", [{}, {"amount": "4.99", "destination": "original"}, {"amount": "5.00"}])
def test_what_was_not_seen_is_not_approved(form: dict[str, str]) -> None:
    refund = a_refund_in(S.AWAITING_APPROVAL)
    answer = signed_in(Role.FINANCE).post(reverse("refunds:approval", args=[refund.number]), form)
    assert answer.status_code == 409
    assert "has changed since you opened it" in answer.content.decode()
    assert Refund.objects.get(pk=refund.pk).status == S.AWAITING_APPROVAL


def test_a_card_that_is_gone_is_offered_another_way() -> None:
    refund = a_refund_in(S.FAILED)
    Refund.objects.filter(pk=refund.pk).update(provider_reason="lost_or_stolen_card")
    client = signed_in(Role.FINANCE)
    assert "cannot be reached any more" in client.get(refund.get_absolute_url()).content.decode()
    path = reverse("refunds:destination", args=[refund.number])
    for bad in ({}, {"destination": "exchange", "reason": "gone"}, {"destination": "manual", "reason": " "}):
        assert client.post(path, bad).status_code == 422
    assert client.post(path, {"destination": "manual", "reason": "card gone"}).status_code == 302
    assert Refund.objects.get(pk=refund.pk).status == S.AWAITING_APPROVAL
    assert "another way" in client.get(reverse("refunds:approvals")).content.decode()
    assert lifecycle.approve(refund.number, by=FINANCE, at=LATER).status == S.APPROVED


def test_an_external_refund_is_attached_on_its_page() -> None:
    order = a_paid_order()
    answer = RefundAnswer(S.SETTLED, "re_x", amount_minor=500, currency="GBP", payment=order.payments.get().provider_id)
    external = lifecycle.find_external(answer, by="stripe", at=LATER)
    client, line = signed_in(Role.FINANCE), order.lines.get()
    assert "made at the provider without us" in client.get(reverse("refunds:list")).content.decode()
    assert external.number in client.get(reverse("refunds:externals")).content.decode()
    path = reverse("refunds:external", args=[external.number])
    assert client.get(path).status_code == 200
    for bad in (
        {},
        {"amount": "1"},
        {"amount": "1.005"},
        {"amount": "-5"},
        {"quantity": "1"},
        {"amount": "5.00", "quantity": "9"},
    ):
        form = {f"{name}_{line.pk}": value for name, value in bad.items()}
        assert client.post(path, form).status_code == 422
    assert not Refund.objects.exists()
    made = client.post(path, {f"amount_{line.pk}": "5.00", f"quantity_{line.pk}": "1"})
    assert made.url == Refund.objects.get().get_absolute_url()
    assert client.get(made.url).status_code == 200
    assert client.get(path).status_code == 302


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", b"%PDF-1.4 without an end"),
        ("a.pdf", b"%PDF-1.4 /JavaScript (app.alert(1)) %%EOF"),
        ("a.pdf", b"%PDF-" + b"0" * (5 * 1024 * 1024) + b"%%EOF"),
        ("a.html", b"<script>alert(1)</script>"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("a.jpg", b"\xff\xd8\xff broken"),
    ],
)
def test_hostile_proofs_are_refused_at_the_field(name: str, content: bytes) -> None:
    refund = a_requested_refund()
    lifecycle.submit(refund.number, by="system", at=LATER)
    Payment.objects.filter(pk=refund.payment_id).update(method="manual")
    form = {"paid": "yes", "method": "cash", "reference": "T-1", "proof": SimpleUploadedFile(name, content)}
    answer = signed_in(Role.FINANCE).post(reverse("refunds:confirmation", args=[refund.number]), form)
    assert answer.status_code == 422
    assert list(answer.context["confirmation_form"].errors) == ["proof"]
    assert Refund.objects.get(pk=refund.pk).status == S.SUBMITTED
