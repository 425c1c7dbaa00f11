"""What finance sees and clicks, who may, and what hostile input does."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from oms.models import Event
from oms.roles import Role, allowed
from refunds.models import Discrepancy, ReconciliationRun, StatementLine
from refunds.reconciliation import lifecycle, working
from refunds.reconciliation.causes import Cause
from refunds.reconciliation.statements import LARGEST_BYTES
from refunds.reconciliation.states import DiscrepancyStatus, RunStatus
from refunds.reconciliation.stored import from_json
from tests.builders import an_order
from tests.refunds.cases import a_refund_in
from tests.staff import a_member, staff_client

pytestmark = pytest.mark.django_db

NOW = timezone.now()
DAY = timedelta(days=1)
WORKLIST, RUNS = "/reconciliation/", "/reconciliation/runs/"
STAFF = [role for role in Role if role != Role.CUSTOMER]
XERO = "*InvoiceNumber,Reference,*InvoiceDate,*Quantity,*UnitAmount,*TaxType\nCN-1,R-1,05/09/2026,-1,5.00,No VAT\n"


def a_run(**how: Any) -> ReconciliationRun:
    terms = {"providers": ["stripe"], "by": "user:1", "at": NOW} | how
    return lifecycle.ask(NOW - 30 * DAY, NOW + DAY, **terms)


def found(
    subject: str = "F-1", cause: str = "amount", *, days: int = 10, run: ReconciliationRun | None = None, **more: Any
) -> Discrepancy:
    at = (NOW - days * DAY).isoformat()
    here = {"ids": [subject], "amount": 1000, "currency": "GBP", "at": at, "standing": "paid", "order": "T1"}
    there = {
        "ids": [f"re_{subject}"],
        "amount": 900,
        "currency": "GBP",
        "at": at,
        "standing": "paid",
        "payment": "pi_1",
    }
    told = {"key": f"provider:{subject}:{cause}", "book": "provider", "provider": "stripe", "cause": cause, "at": at}
    seen = from_json(told | {"here": here, "there": there} | more)
    lifecycle.find(seen, known=None, run=run or a_run(), begun_at=NOW, by="system", at=NOW)
    return Discrepancy.objects.get(key=told["key"])


def upload(text: str | bytes = XERO, **fields: str) -> dict[str, Any]:
    body = text if isinstance(text, bytes) else text.encode()
    return {"what": "file", "file": SimpleUploadedFile("notes.csv", body, "text/csv"), "currency": "GBP"} | fields


# ── Who may ──


@pytest.mark.parametrize("role", STAFF)
def test_who_sees_it(role: Role) -> None:
    one = found()
    client = staff_client(role)
    status = 200 if role in (Role.FINANCE, Role.MANAGER, Role.AUDITOR, Role.ADMINISTRATOR) else 403
    for path in (WORKLIST, RUNS, one.get_absolute_url(), one.seen_in.get_absolute_url()):
        assert client.get(path).status_code == status


@pytest.mark.parametrize("role", [role for role in STAFF if role not in (Role.FINANCE, Role.ADMINISTRATOR)])
def test_who_may_not_act(role: Role) -> None:
    one, client = found(), staff_client(role)
    page = client.get(one.get_absolute_url()).content.decode()
    for name, form in {
        "assignment": {"assignee": str(a_member("finance").pk)},
        "notes": {"text": "x"},
        "resolution": {"outcome": "accepted", "reason": "x"},
        "reopening": {},
    }.items():
        path = reverse(f"reconciliation:{name}", args=[one.number])
        assert client.post(path, form).status_code == 403
        assert path not in page
    assert client.post(RUNS, {"what": "providers"}).status_code == 403
    assert client.post(reverse("reconciliation:cancellation", args=[one.seen_in.number])).status_code == 403
    one.refresh_from_db()
    assert (one.event_sequence, ReconciliationRun.objects.count()) == (1, 1)


@pytest.mark.parametrize("number", ["D-0000-00000", "nope", "%00", "x" * 300, "../../etc", "1 OR 1=1"])
def test_numbers_of_nothing_are_not_there(number: str) -> None:
    client = staff_client("finance")
    for path in (f"/reconciliation/{number}/", f"/reconciliation/runs/{number}/"):
        assert client.get(path).status_code == 404
    assert client.post(f"/reconciliation/{number}/notes/", {"text": "x"}).status_code == 404


# ── The worklist ──


def listed(query: str, client: Any = None) -> set[str]:
    answer = (client or staff_client("finance")).get(f"{WORKLIST}?{query}")
    assert answer.status_code == 200
    return {row["one"].key for row in answer.context["rows"]}


def test_the_worklist_filters_by_words_in_its_address() -> None:
    finance = a_member("finance")
    young, old = found("F-1", "amount", days=3), found("F-2", "fee", days=45)
    transit = found("F-3", "in_transit", days=1)
    lifecycle.assign(old.number, finance, by=finance.actor, at=NOW)
    keys = {"young": young.key, "old": old.key, "transit": transit.key}

    def shows(query: str) -> set[str]:
        shown = listed(query)
        return {name for name, key in keys.items() if key in shown}

    assert shows("") == {"young", "old"}
    assert shows("view=transit") == {"transit"}
    assert shows("view=all") == {"young", "old", "transit"}
    assert shows("view=settled") == shows("view=gone") == set()
    assert shows("cause=fee") == {"old"}
    assert shows("age=week") == {"young"}
    assert shows("age=month") == set()
    assert shows("age=older") == {"old"}
    assert shows("assignee=me") == shows(f"assignee={finance.pk}") == {"old"}
    assert shows("assignee=nobody") == {"young"}
    assert shows("view=all&status=assigned") == {"old"}
    assert shows("book=accounting") == set()
    assert shows("q=F-1") == shows("q=re_F-1") == shows(f"q={young.number.lower()}") == {"young"}


@pytest.mark.parametrize(
    "query",
    ["cause=magic", "age=young", "assignee=999999", "assignee=x", "status=x", "book=x", "q=%00", "q=" + "x" * 81],
)
def test_words_it_does_not_know_are_refused(query: str) -> None:
    found()
    answer = staff_client("finance").get(f"{WORKLIST}?{query}")
    assert answer.status_code == 400


@pytest.mark.parametrize("query", ["page=99", "page=x", "view=x", "q=%27%3B--"])
def test_any_other_query_is_fine(query: str) -> None:
    found()
    assert staff_client("finance").get(f"{WORKLIST}?{query}").status_code == 200


def test_the_oldest_stand_first_and_causes_are_counted() -> None:
    new, old = found("F-1", "amount", days=2), found("F-2", "amount", days=20)
    answer = staff_client("auditor").get(WORKLIST)
    assert [row["one"] for row in answer.context["rows"]] == [old, new]
    assert [(one["cause"], one["count"]) for one in answer.context["causes"]] == [("amount", 2)]


def test_the_list_costs_the_same_with_more_rows() -> None:
    client, run = staff_client("finance"), a_run()
    found("F-1", run=run)
    with CaptureQueriesContext(connection) as one:
        client.get(WORKLIST)
    for number in range(2, 5):
        found(f"F-{number}", run=run)
    with CaptureQueriesContext(connection) as more:
        client.get(WORKLIST)
    assert len(more) == len(one)


def test_an_empty_worklist_says_what_comes() -> None:
    assert "The first comparison runs tonight" in staff_client("finance").get(WORKLIST).content.decode()


# ── One discrepancy ──


def test_both_sides_stand_beside_each_other() -> None:
    one = found()
    answer = staff_client("finance").get(one.get_absolute_url())
    sides = {str(row["label"]): (row["here"], row["there"], row["differs"]) for row in answer.context["sides"]}
    assert sides["Number"] == ("F-1", "re_F-1", False)
    assert sides["Amount"] == ("£10.00", "£9.00", True)
    assert sides["Payment"] == ("", "pi_1", False)
    assert "At Stripe" in answer.content.decode()
    assert "−£1.00" in answer.content.decode()


@pytest.mark.parametrize("cause", Cause.values)
def test_each_cause_says_what_it_means_and_what_to_do(cause: str) -> None:
    page = staff_client("finance").get(found("F-1", cause).get_absolute_url())
    assert page.status_code == 200
    assert page.context["sentence"]
    assert page.context["next"]


def test_it_leads_to_its_refund() -> None:
    from refunds.reconciliation.lifecycle.discrepancies import subjects

    refund = a_refund_in("settled")
    one = found(refund.number)
    seen = from_json({"key": one.key, "book": "provider", "provider": "stripe", "cause": "amount",
                      "at": NOW.isoformat(), "here": one.here | {"amount": 1100}, "there": one.there})  # fmt: skip
    subjects([seen])
    lifecycle.find(seen, known=one, run=one.seen_in, begun_at=NOW, by="system", at=NOW)
    page = staff_client("finance").get(one.get_absolute_url()).content.decode()
    assert refund.get_absolute_url() in page
    assert Event.objects.filter(stream=one.stream, name="discrepancy.changed").count() == 1


def test_markup_in_what_others_wrote_is_shown_as_text() -> None:
    side = {"ids": ["<script>alert(1)</script>", "=HYPERLINK(1)"], "reference": "<b>x</b>", "currency": "XX"}
    one = found("F-1", "missing_here", there=side | {"amount": 5, "at": NOW.isoformat()})
    for path in (one.get_absolute_url(), WORKLIST):
        page = staff_client("finance").get(path).content.decode()
        assert "<script>alert" not in page
        assert "<b>x" not in page


def test_giving_noting_resolving_and_opening_again() -> None:
    one, client = found(), staff_client("finance")
    finance = a_member("finance")

    def post(name: str, **form: Any) -> int:
        return client.post(reverse(f"reconciliation:{name}", args=[one.number]), form).status_code

    assert post("assignment", assignee=finance.pk) == 302
    assert post("notes", text="Asked the bank.") == 302
    assert post("resolution", outcome="accepted", reason="The bank keeps a fee.") == 302
    page = client.get(one.get_absolute_url()).content.decode()
    assert "Asked the bank." in page
    assert "The bank keeps a fee." in page
    assert post("reopening") == 302
    names = Event.objects.filter(stream=one.stream).order_by("sequence").values_list("name", flat=True)
    assert list(names) == [f"discrepancy.{verb}" for verb in ("found", "assigned", "noted", "resolved", "reopened")]
    one.refresh_from_db()
    assert (one.status, one.assignee) == (DiscrepancyStatus.REOPENED, finance)


@pytest.mark.parametrize(
    ("name", "form", "field"),
    [
        ("assignment", {"assignee": ""}, "assignee"),
        ("assignment", {"assignee": "999999999"}, "assignee"),
        ("assignment", {"assignee": "x"}, "assignee"),
        ("notes", {"text": " "}, "text"),
        ("notes", {"text": "x" * 501}, "text"),
        ("notes", {"text": "a\0b"}, "text"),
        ("resolution", {"outcome": "accepted", "reason": ""}, "reason"),
        ("resolution", {"outcome": "", "reason": "x"}, "outcome"),
        ("resolution", {"outcome": "magic", "reason": "x"}, "outcome"),
        ("resolution", {"outcome": "accepted", "reason": "x" * 301}, "reason"),
    ],
)
def test_what_cannot_be_used_is_said_at_its_field(name: str, form: dict[str, str], field: str) -> None:
    one = found()
    answer = staff_client("finance").post(reverse(f"reconciliation:{name}", args=[one.number]), form)
    assert answer.status_code == 422
    assert field in answer.context["bound"].errors
    one.refresh_from_db()
    assert one.event_sequence == 1


def test_an_auditor_is_not_given_discrepancies() -> None:
    one = found()
    form = {"assignee": a_member("auditor").pk}
    path = reverse("reconciliation:assignment", args=[one.number])
    assert staff_client("finance").post(path, form).status_code == 422


def test_resolved_meanwhile_is_said() -> None:
    one, client = found(), staff_client("finance")
    lifecycle.resolve(one.number, outcome="accepted", reason="x", by="user:1", at=NOW)
    path = reverse("reconciliation:assignment", args=[one.number])
    answer = client.post(path, {"assignee": a_member("finance").pk})
    assert answer.status_code == 409
    assert "is not possible while this is" in answer.content.decode()
    assert Event.objects.filter(name="verb.refused").count() == 1


# ── Runs ──


def test_asking_for_the_providers_books() -> None:
    an_order()
    answer = staff_client("finance").post(RUNS, {"what": "providers"})
    run = ReconciliationRun.objects.get()
    assert (answer.status_code, answer.url) == (302, run.get_absolute_url())
    assert (run.providers, run.files, run.status) == (["stripe"], [], RunStatus.WAITING)
    assert run.until - run.since == 35 * DAY


def test_days_are_the_shops_own_and_whole() -> None:
    an_order()
    staff_client("finance").post(RUNS, {"what": "providers", "since": "2026-07-01", "until": "2026-07-02"})
    run = ReconciliationRun.objects.get()
    assert (run.since.isoformat(), run.until.isoformat()) == ("2026-06-30T23:00:00+00:00", "2026-07-02T23:00:00+00:00")


def test_handing_in_a_file() -> None:
    client = staff_client("finance")
    assert client.post(RUNS, upload()).status_code == 302
    run = ReconciliationRun.objects.get()
    assert (run.providers, run.since.date().isoformat(), run.until.date().isoformat()) == (
        [],
        "2026-09-05",
        "2026-09-06",
    )
    assert [(one["name"], one["lines"], one["layout"]) for one in run.files] == [("notes.csv", 1, "Xero credit notes")]
    assert StatementLine.objects.filter(run=run).count() == 1
    working.work(now=timezone.now)
    assert client.get(run.get_absolute_url()).status_code == 200
    assert Discrepancy.objects.get().cause == Cause.MISSING_HERE
    again = client.post(RUNS, upload())
    assert again.status_code == 422
    assert f"compared already, in {run.number}" in again.content.decode()
    assert client.post(RUNS, upload(again="on")).status_code == 302


@pytest.mark.parametrize(
    ("form", "field", "sentence"),
    [
        ({}, "what", "This field is required."),
        ({"what": "magic"}, "what", "Select a valid choice"),
        ({"what": "file"}, "file", "Choose a file."),
        ({"what": "providers"}, "what", "There is nothing to compare with"),
        ({"what": "providers", "since": "2026-07-01"}, "until", "Name both days, or none."),
        ({"what": "providers", "since": "2026-07-02", "until": "2026-07-01"}, "until", "before the first day"),
        ({"what": "providers", "since": "yesterday", "until": "2026-07-01"}, "since", "Enter a valid date."),
        (upload(currency="XYZ"), "currency", "no currency code"),
        (upload(b""), "file", "The submitted file is empty."),
        (upload("a,b\n1,2\n"), "file", "no column names of a layout we know"),
        (upload(b"PK\x03\x04" + b"x" * 100), "file", "an Excel workbook"),
        (upload(XERO.replace("5.00", "=1+1")), "file", "Line 2, *UnitAmount: '=1+1' is not a plain amount"),
        (upload(XERO.replace("5.00", "9" * 40)), "file", "is not a plain amount"),
        (upload(XERO.replace("CN-1", "CN\0")), "file", "This holds a control character."),
        (upload(XERO.replace("-1,", "1,")), "file", "gives nothing back"),
        (upload(XERO.replace("05/09", "99/09")), "file", "is not written like 27/03/2026"),
        (upload(XERO.encode("utf-16")[:-3] + b"\xd8"), "file", "Line 2"),
    ],
)
def test_what_cannot_be_compared_is_said_at_its_field(form: dict[str, Any], field: str, sentence: str) -> None:
    answer = staff_client("finance").post(RUNS, form)
    assert answer.status_code == 422
    said = " ".join(str(one) for one in answer.context["form"].errors[field])
    assert sentence in said
    assert ReconciliationRun.objects.count() == 0


def test_a_file_that_is_too_large_is_refused() -> None:
    row = b"CN-%07d,R-1,05/09/2026,-1,5.00,No VAT\n"
    body = io.BytesIO(XERO.encode())
    body.seek(0, io.SEEK_END)
    while body.tell() <= LARGEST_BYTES:
        body.write(row * 10_000)
    answer = staff_client("finance").post(RUNS, upload(body.getvalue()))
    assert answer.status_code == 422
    assert "larger than 50 MB" in answer.content.decode()
    assert ReconciliationRun.objects.count() == 0


def test_what_a_person_uploads_is_named_and_nothing_else_kept() -> None:
    text = XERO.replace("*InvoiceNumber", "*ContactName,*InvoiceNumber").replace("\nCN-1", "\nSam Shopper,CN-1")
    staff_client("finance").post(RUNS, upload(text))
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(l)::text FROM refunds_statementline l")
        assert "Sam" not in cursor.fetchone()[0]


def test_a_run_under_way_shows_its_progress_and_can_be_called_off() -> None:
    run, client = a_run(), staff_client("finance")
    page = client.get(run.get_absolute_url()).content.decode()
    assert "It begins as soon as a worker is free." in page
    assert "data-under-way" in page
    assert client.post(reverse("reconciliation:cancellation", args=[run.number])).status_code == 302
    page = client.get(run.get_absolute_url()).content.decode()
    assert "data-under-way" not in page
    lifecycle.fail(a_run().pk, code="x", trouble="Stripe did not answer.", by="system", at=NOW)
    failed = ReconciliationRun.objects.get(status=RunStatus.FAILED)
    assert "Stripe did not answer." in client.get(failed.get_absolute_url()).content.decode()
    assert client.post(reverse("reconciliation:cancellation", args=[failed.number])).status_code == 409


def test_reconciling_is_for_finance_and_administrators() -> None:
    assert {role for role in STAFF if allowed(a_member(role), "reconcile")} == {Role.FINANCE, Role.ADMINISTRATOR}
