"""The admin: every record opens for who may see it and for nobody else, and is changed only where that is meant."""

import json
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from inventory import identities, ledger
from inventory.models import Bin, Condition, Warehouse
from inventory.states import BinKind
from oms import outbox
from oms.encryption import Plain
from oms.models import Delivery, Event, InboundWebhook, User
from oms.roles import PERMISSIONS, Role
from refunds import lifecycle as paying
from refunds.models import PaymentLink, StoreCredit
from refunds.pricing import price_return
from returns import lifecycle
from returns.eligibility import Wanted
from returns.lifecycle import Arrived, Finding
from returns.models import (
    CarrierLocator,
    CarrierRule,
    DropOffPoint,
    Parcel,
    PolicyRule,
    PolicyVersion,
    ReturnReason,
    WarehouseRule,
)
from tests.builders import NOON, a_return, an_order, the_line
from tests.jobs import run_jobs
from tests.staff import a_member, staff_client

pytestmark = pytest.mark.django_db

ALL = sorted(admin.site._registry.items(), key=lambda entry: entry[0]._meta.label)
OURS = [(model, registered) for model, registered in ALL if hasattr(registered, "sees")]
ROLES = [role for role, _label in Role.staff_choices()]


def a_story() -> None:
    """One return with a row of nearly everything: received, part accepted and owed, part refused and held."""
    order = an_order(shipping="0.00")
    rma = a_return(order, quantity=2, note="private words")
    [receipt] = lifecycle.receive(
        rma.number, [Arrived(the_line(rma).pk, 2)], form_token=uuid4(), by="user:7", at=NOON + timedelta(days=1)
    )
    for condition in ("opened", "damaged"):
        finding = Finding(receipt_id=receipt.pk, quantity=1, condition=condition, disposition="")
        lifecycle.inspect(rma.number, [finding], form_token=uuid4(), by="user:7", at=NOON + timedelta(days=2))
    paying.request_for_return(rma.number, by="system", at=NOON + timedelta(days=2))
    run_jobs("mail")
    Parcel.objects.filter(rma=rma).update(tracking_number=f"TRACK{rma.pk}")
    hook = InboundWebhook(
        provider="stripe", external_id=uuid4().hex, kind="refund.updated", body=Plain(b"{}"), received_at=NOON
    )
    hook.save()
    CarrierRule.objects.get_or_create(code="dear", defaults={"name": "Dear"})
    CarrierLocator.objects.get_or_create(code="ups", defaults={"carrier": "UPS", "url": "https://ups.example/"})
    DropOffPoint.objects.get_or_create(
        code="corner", defaults={"carrier": "UPS", "country": "GB", "name": "Corner", "address": "1 High Street"}
    )
    WarehouseRule.objects.get_or_create(code="all", defaults={"name": "All", "warehouse": Warehouse.objects.first()})
    StoreCredit.objects.create(number=uuid4().hex[:20], customer=order.customer, currency="GBP", opened_at=NOON)


def something_goes_out() -> None:
    """A replacement set aside for its customer, and what another still has to pay for an exchange."""
    line = an_order().lines.select_related("product", "order__customer").get()
    shelf = Bin.objects.get(warehouse__is_default=True, kind=BinKind.SHELF)
    assert line.product
    ledger.adjust(shelf, line.product, 1, cause=f"opening/{uuid4()}", by="system", at=NOON)
    lifecycle.request(
        line.order.number, [Wanted(line.pk, 1, "defective", "", photos=1)], resolution="replacement",
        price=price_return, form_token=uuid4(), by=line.order.customer.actor, at=NOON,
    )  # fmt: skip
    PaymentLink.objects.create(
        order=line.order, amount=1, currency="GBP", status="open", created_at=NOON, expires_at=NOON
    )


def something_set_aside() -> None:
    """A piece in the workshop, and one that goes back to its vendor."""
    rma = a_return(an_order(), quantity=2)
    [receipt] = lifecycle.receive(rma.number, [Arrived(the_line(rma).pk, 2)], form_token=uuid4(), by="user:7", at=NOON)
    finding = Finding(receipt.pk, 2, "used", "return_to_vendor", acceptance="accepted", override_reason="a series")
    [outcome] = lifecycle.inspect(rma.number, [finding], form_token=uuid4(), by="user:7", at=NOON)
    who = {"by": "user:7", "at": NOON}
    lifecycle.open_work(
        outcome.pk, quantity=1, kind="repair", task="glue", due_on=NOON.date(), estimate=Decimal(2), **who
    )
    lifecycle.gather(outcome.pk, vendor=f"Potter {uuid4()}", **who)
    identities.receive_lot(the_line(rma).order_line.product, "L-1", 2, cause=f"bill/{uuid4()}", **who)


def address(model: type, *more: object) -> str:
    return "/".join(["/admin", model._meta.app_label, model._meta.model_name, *map(str, more), ""])


def test_nothing_is_registered_that_does_not_read_the_roles() -> None:
    foreign = [model._meta.label for model, registered in ALL if not hasattr(registered, "sees")]
    assert [label for label in foreign if label != "reporting.HandlingRate"] == []
    assert [registered for _model, registered in OURS if registered.sees not in PERMISSIONS] == []


def test_every_record_opens_for_the_administrator() -> None:
    a_story()
    something_goes_out()
    something_set_aside()
    client = staff_client("administrator")
    assert client.get("/admin/").status_code == 200
    opened = set()
    for model, _registered in OURS:
        assert client.get(address(model)).status_code == 200, model
        for row in model.objects.order_by("pk")[:2]:
            assert client.get(address(model, row.pk, "change")).status_code == 200, model
            assert client.get(address(model, row.pk, "history")).status_code == 200, model
            opened.add(model._meta.model_name)
    assert {model._meta.model_name for model, _registered in OURS} - opened == set()


@pytest.mark.parametrize("role", ROLES)
def test_each_role_sees_what_the_table_says(role: str) -> None:
    client = staff_client(role)
    for model, registered in OURS:
        expected = 200 if role in PERMISSIONS[registered.sees] else 403
        assert client.get(address(model)).status_code == expected, (role, model)
        may_add = registered.adds and role in PERMISSIONS[registered.changes]
        assert client.get(address(model, "add")).status_code == (200 if may_add else 403), (role, model)


@pytest.mark.parametrize("role", ROLES)
def test_records_that_only_tell_cannot_be_changed_or_deleted(role: str) -> None:
    a_story()
    something_goes_out()
    something_set_aside()
    client = staff_client(role)
    for model, registered in OURS:
        row = model.objects.order_by("pk").first()
        if row is None:
            continue
        if not registered.changes:
            assert client.post(address(model, row.pk, "change"), {}).status_code == 403, model
        assert client.post(address(model, row.pk, "delete"), {"post": "yes"}).status_code == 403, model
        assert model.objects.filter(pk=row.pk).exists()


def statements(client: Client) -> dict[str, int]:
    counts = {}
    for model, _registered in OURS:
        with CaptureQueriesContext(connection) as made:
            assert client.get(address(model)).status_code == 200
        counts[model._meta.label] = len(made)
    return counts


def test_a_list_needs_as_many_statements_with_three_rows_as_with_one() -> None:
    a_story()
    something_goes_out()
    something_set_aside()
    client = staff_client("administrator")
    client.get("/admin/")
    one = statements(client)
    a_story()
    something_goes_out()
    a_story()
    something_goes_out()
    assert statements(client) == one
    assert max(one.values()) <= 12


def test_personal_data_is_for_those_who_may_see_it() -> None:
    a_story()
    for role in ("dock", "auditor", "agent"):
        client = staff_client(role)
        shown = role in PERMISSIONS["see personal data"]
        customers = client.get("/admin/oms/customer/").content
        [person] = Event.objects.filter(name="rma.requested").values_list("actor", flat=True)
        assert person.startswith("customer:")
        row = client.get("/admin/oms/customer/").context["cl"].result_list[0]
        page = client.get(f"/admin/oms/customer/{row.pk}/change/").content
        rma = client.get("/admin/returns/rma/").context["cl"].result_list[0]
        story = client.get(f"/admin/returns/rma/{rma.pk}/change/").content
        found = [b"Sam Shopper" in customers, b"sam@example.test" in page, b"private words" in story]
        assert found == [shown] * 3, role


def test_customers_are_found_by_mail_and_by_whole_words_of_the_name() -> None:
    a_story()
    client = staff_client("agent")
    found = [
        len(client.get("/admin/oms/customer/", {"q": words}).context["cl"].result_list)
        for words in ("sam@example.test", "SHOPPER sam", "Shop", "nobody", "'; --")
    ]
    assert found == [1, 1, 0, 0, 0]
    assert len(staff_client("dock").get("/admin/oms/customer/", {"q": "sam"}).context["cl"].result_list) == 0


def test_an_anonymous_visitor_is_sent_to_the_log_in_and_who_has_no_second_factor_to_get_one() -> None:
    for path in ("/admin/", "/admin/oms/order/", "/admin/scan/"):
        answer = Client().get(path, follow=True)
        assert answer.redirect_chain[-1][0].startswith("/accounts/login/?next=/admin/")
    assert staff_client("administrator", second_factor=False).get("/admin/oms/order/", follow=True).redirect_chain[0]
    chain = staff_client("dock", second_factor=False).get("/admin/scan/", follow=True).redirect_chain
    assert [url for url, _status in chain][:2] == ["/admin/login/?next=/admin/scan/", "/accounts/2fa/"]


def test_somebody_who_is_no_staff_is_refused_not_sent_in_circles() -> None:
    client = staff_client("agent")
    User.objects.update(is_staff=False)
    assert client.get("/admin/", follow=True).status_code == 403


# ── Settings ──────────────────────────────────────────────────────────────────────────────────────────────────────


def changed(stream: str = "settings") -> list[tuple[str, dict]]:
    return list(Event.objects.filter(stream=stream).order_by("sequence").values_list("name", "facts"))


def a_condition(**other: object) -> dict[str, object]:
    return {
        "code": "scuffed",
        "label": "Scuffed",
        "customer_label": "Scuffed",
        "is_acceptable": "on",
        "grade": "B",
        "payout_percent": "80",
        "disposition": "restock",
        "position": "6",
        "active": "on",
    } | other


def test_a_new_condition_and_its_change_are_events() -> None:
    client = staff_client("manager")
    assert client.post("/admin/inventory/condition/add/", a_condition()).status_code == 302
    row = Condition.objects.get(code="scuffed")
    where = f"/admin/inventory/condition/{row.pk}/change/"
    client.post(where, a_condition(code="renamed", payout_percent="70"))
    client.post(where, a_condition(payout_percent="70"))
    row.refresh_from_db()
    assert (row.code, row.payout_percent) == ("scuffed", 70)
    names = [(name, facts["condition"], facts["fields"]) for name, facts in changed()]
    assert names[1:] == [("condition.changed", "scuffed", ["payout_percent"])]
    assert (names[0][0], names[0][1]) == ("condition.changed", "scuffed")
    assert outbox.broken_links(Event.objects.filter(stream="settings").order_by("sequence")) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"payout_percent": "101"},
        {"payout_percent": "-1"},
        {"payout_percent": "NaN"},
        {"code": "two words"},
        {"grade": "Z"},
        {"disposition": "eat"},
        {"label": "x" * 61},
        {"position": "99999999999999"},
        {"code": "opened"},
    ],
)
def test_a_condition_that_makes_no_sense_is_refused(wrong: dict[str, str]) -> None:
    before = Condition.objects.count()
    answer = staff_client("manager").post("/admin/inventory/condition/add/", a_condition(**wrong))
    assert (answer.status_code, Condition.objects.count(), changed()) == (200, before, [])
    assert answer.context["adminform"].form.errors


def a_warehouse(**other: object) -> dict[str, object]:
    return {
        "code": "NORTH",
        "name": "North",
        "street": "1 Road",
        "city": "York",
        "postcode": "YO1 1AA",
        "country": "gb",
        "time_zone": "Europe/London",
        "working_days": ["1", "2", "6"],
        "holidays": "2026-12-28\r\n2026-12-25\r\n",
    } | other


def test_a_warehouse_gets_a_bin_of_each_kind_and_its_calendar() -> None:
    client = staff_client("manager")
    assert client.post("/admin/inventory/warehouse/add/", a_warehouse()).status_code == 302
    north = Warehouse.objects.get(code="NORTH")
    assert (north.country, north.working_days) == ("GB", [1, 2, 6])
    assert [str(day) for day in north.holidays] == ["2026-12-25", "2026-12-28"]
    assert set(north.bins.values_list("kind", flat=True)) == set(BinKind)
    assert client.get(f"/admin/inventory/warehouse/{north.pk}/change/").status_code == 200
    assert [name for name, _facts in changed()] == ["warehouse.changed"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"working_days": []}, "working_days"),
        ({"working_days": ["8"]}, "working_days"),
        ({"holidays": "Christmas"}, "holidays"),
        ({"country": "Britain"}, "country"),
        ({"country": "1!"}, "country"),
        ({"is_default": "on"}, "is_default"),
        ({"code": "MAIN"}, "code"),
    ],
)
def test_a_warehouse_that_could_not_work_is_refused_at_its_field(wrong: dict[str, object], field: str) -> None:
    answer = staff_client("manager").post("/admin/inventory/warehouse/add/", a_warehouse(**wrong))
    assert (answer.status_code, Warehouse.objects.count()) == (200, 1)
    assert list(answer.context["adminform"].form.errors) == [field]


def test_the_default_warehouse_stays_one() -> None:
    main = Warehouse.objects.get()
    answer = staff_client("manager").post(f"/admin/inventory/warehouse/{main.pk}/change/", a_warehouse())
    assert list(answer.context["adminform"].form.errors) == ["is_default"]


def test_a_bin_keeps_its_kind() -> None:
    place = Bin.objects.get(kind=BinKind.SHELF)
    client = staff_client("manager")
    client.post(f"/admin/inventory/bin/{place.pk}/change/", {"code": "A-01", "kind": "scrap", "warehouse": "999"})
    place.refresh_from_db()
    assert (place.code, place.kind) == ("A-01", "shelf")
    assert changed() == [("bin.changed", {"bin": place.pk, "fields": ["code"]})]


def test_a_return_reason_is_changed_by_a_manager_alone() -> None:
    reason = ReturnReason.objects.get(code="changed_mind")
    where = f"/admin/returns/returnreason/{reason.pk}/change/"
    sent = {"label": "No longer wanted", "position": reason.position, "active": "on", "asks_condition": "on"}
    assert staff_client("agent").post(where, sent).status_code == 403
    assert staff_client("manager").post(where, sent).status_code == 302
    reason.refresh_from_db()
    assert (reason.code, reason.label) == ("changed_mind", "No longer wanted")
    assert changed() == [("return_reason.changed", {"reason": "changed_mind", "fields": ["label"]})]


# ── Policy ────────────────────────────────────────────────────────────────────────────────────────────────────────


def rules(*given: dict[str, object]) -> dict[str, object]:
    data: dict[str, object] = {
        "title": "Draft",
        "time_zone": "Europe/London",
        "rules-TOTAL_FORMS": len(given),
        "rules-INITIAL_FORMS": 0,
    }
    for number, rule in enumerate(given):
        data |= {f"rules-{number}-{name}": value for name, value in rule.items()}
    return data


def test_rules_of_a_draft_are_checked_before_they_are_kept() -> None:
    draft = PolicyVersion.objects.create(number=99)
    where = f"/admin/returns/policyversion/{draft.pk}/change/"
    client = staff_client("manager")
    bad = [
        {"kind": "window", "parameters": '{"days": -1}', "priority": 1, "active": "on"},
        {"kind": "window", "parameters": "{", "priority": 1, "active": "on"},
        {"kind": "window", "parameters": '{"unknown": 1}', "priority": 1, "active": "on"},
        {"kind": "no such rule", "parameters": "{}", "priority": 1, "active": "on"},
    ]
    for rule in bad:
        assert client.post(where, rules(rule)).status_code == 200, rule
    assert (PolicyRule.objects.filter(version=draft).count(), changed("policy")) == (0, [])
    good = PolicyRule.objects.exclude(version=draft).order_by("pk").first()
    sent = {"kind": good.kind, "parameters": json.dumps(good.parameters), "priority": 1, "active": "on"}
    assert client.post(where, rules(sent)).status_code == 302
    assert PolicyRule.objects.get(version=draft).kind == good.kind
    assert changed("policy") == [("policy.changed", {"policy": "default v99", "fields": ["title", "rules"]})]


def test_a_published_version_never_changes() -> None:
    published = PolicyVersion.objects.exclude(valid=None).get()
    before = list(published.rules.values())
    answer = staff_client("administrator").post(
        f"/admin/returns/policyversion/{published.pk}/change/", rules({"kind": "window", "parameters": "{}"})
    )
    assert (answer.status_code, list(published.rules.values())) == (403, before)


# ── People, jobs ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_people_are_shown_without_their_passwords_and_changed_elsewhere() -> None:
    agent = a_member("agent")
    client = staff_client("administrator")
    where = f"/admin/oms/user/{agent.pk}/change/"
    page = client.get(where).content.decode()
    assert (agent.email in page, agent.password in page) == (True, False)
    assert client.post(where, {"name": "Ann", "email": agent.email, "role": "administrator"}).status_code == 403
    agent.refresh_from_db()
    assert agent.role == "agent"


def test_jobs_that_were_given_up_run_again_and_others_are_left_alone() -> None:
    a_story()
    first, second = Delivery.objects.order_by("pk")[:2]
    Delivery.objects.filter(pk=first.pk).update(dead_at=NOON, done_at=None, attempts=12, error="OSError")
    before = Delivery.objects.filter(pk=second.pk).values().get()
    sent = {"action": "run_again", "_selected_action": [first.pk, second.pk]}
    staff_client("auditor").post("/admin/oms/delivery/", sent)
    first.refresh_from_db()
    assert first.dead_at == NOON
    assert staff_client("manager").post("/admin/oms/delivery/", sent).status_code == 302
    first.refresh_from_db()
    assert (first.dead_at, first.attempts, first.error) == (None, 0, "")
    assert Delivery.objects.filter(pk=second.pk).values().get() == before
    assert changed("jobs") == [("job.run_again", {"delivery": first.pk, "task": first.task})]
