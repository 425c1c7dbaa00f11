"""The shop's own page: what is changed, what is refused, what is on record; and jobs that were given up."""

import io
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from inventory.models import Warehouse
from oms import shops
from oms.models import Delivery, Event, Shop
from oms.outbox import record_on
from oms.roles import Role
from tests.staff import staff_client

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
VALUES = {
    "company": "Good Things Ltd",
    "legal_address": "1 High Street\nLeicester",
    "accent": "#7A1F4B",
    "support_email": "help@good.example",
    "support_phone": "+44 116 496 0000",
    "support_hours": "Every day, 8:00–20:00",
    "chat_url": "https://chat.good.example/",
    "sender_name": "Good Things",
    "sender_email": "returns@good.example",
    "accounting_email": "books@good.example",
    "time_zone": "Europe/Berlin",
    "processing_days": "2",
    "tender_order": "newest_first",
    "approval_above": "450",
    "credit_bonus": "5",
    "goodwill_most": "50",
    "tells_buyer_of_gifts": "on",
    "return_rate_notice": "4.5",
    "return_rate_alarm": "12",
}


@pytest.fixture
def manager() -> Client:
    return staff_client(Role.MANAGER)


def facts(name: str) -> list[dict[str, Any]]:
    return list(Event.objects.filter(name=name).order_by("pk").values_list("facts", flat=True))


def save(client: Client, **form: Any) -> Any:
    return client.post(reverse("settings:shop"), VALUES | form)


def a_picture(kind: str = "PNG", size: tuple[int, int] = (900, 300), **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (10, 120, 90)).save(out, kind, **options)
    return out.getvalue()


def a_file(content: bytes, name: str = "logo.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="image/png")


# ── The shop ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_saved_stands_on_customers_pages(manager: Client) -> None:
    assert save(manager).url == reverse("settings:shop")
    shop = shops.current()
    assert (shop.company, shop.accent, shop.processing_days) == ("Good Things Ltd", "#7a1f4b", 2)
    (event,) = facts("shop.changed")
    assert event == {"fields": sorted({*VALUES, "buyers_make_gift_links"})}  # unticked is another value too
    portal = Client().get("/").content.decode()
    for words in ("Good Things Ltd", "help@good.example", "+44 116 496 0000", "https://chat.good.example/"):
        assert words in portal


def test_saving_the_same_again_records_nothing(manager: Client) -> None:
    save(manager)
    save(manager)
    assert len(facts("shop.changed")) == 1
    save(manager, company="Better Things Ltd")
    assert facts("shop.changed")[1] == {"fields": ["company"]}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("company", ""),
        ("company", "x" * 121),
        ("company", "Two\nlines"),
        ("company", "zero\0byte"),
        ("accent", "red"),
        ("accent", "#12345"),
        ("accent", "#1234567"),
        ("accent", "url(x)}"),
        ("support_email", "nobody"),
        ("sender_email", "a@b.c\nBcc: x@y.example"),
        ("sender_name", "A\r\nBcc: x@y.example"),
        ("chat_url", "http://chat.example/"),
        ("chat_url", "javascript:alert(1)"),
        ("chat_url", "https://" + "x" * 300 + ".example/"),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../../etc/passwd"),
        ("processing_days", "0"),
        ("processing_days", "-1"),
        ("processing_days", "two"),
        ("processing_days", "9" * 30),
        ("approval_above", "-0.01"),
        ("credit_bonus", "-1"),
        ("goodwill_most", "-1"),
        ("goodwill_most", "100.01"),
        ("return_rate_notice", "101"),
        ("return_rate_notice", "NaN"),
        ("return_rate_notice", "1e9"),
        ("return_rate_alarm", "3"),
    ],
)
def test_a_bad_value_is_refused_at_its_field(manager: Client, field: str, value: str) -> None:
    answer = save(manager, **{field: value})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert not Shop.objects.exclude(company="Homeward Demo Shop").exists()
    assert facts("shop.changed") == []


@pytest.mark.parametrize("role", [Role.AGENT, Role.DOCK, Role.FINANCE, Role.AUDITOR])
def test_who_may_not_change_settings(role: Role) -> None:
    client = staff_client(role)
    assert client.get(reverse("settings:shop")).status_code == 403
    assert save(client).status_code == 403
    assert client.post(reverse("settings:warehouse", args=["MAIN"])).status_code == 403
    assert client.get(reverse("settings:jobs")).status_code == 403
    assert facts("shop.changed") == []


def test_a_field_that_is_no_setting_raises() -> None:
    with pytest.raises(LookupError):
        shops.change({"logo_type": "text/html"}, by="system", at=NOW)


# ── The logo ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_logo_is_drawn_again_and_served_to_everybody(manager: Client, kind: str) -> None:
    comment = {"comment": b"secret note"} if kind == "JPEG" else {}
    assert save(manager, logo=a_file(a_picture(kind, **comment) + b"trailing <script>")).status_code == 302
    shop = shops.current()
    answer = Client().get(shop.logo_url)
    assert answer["Content-Type"] == "image/png"
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    with Image.open(io.BytesIO(answer.content)) as drawn:
        assert (drawn.format, drawn.size) == ("PNG", (480, 160))
    assert b"secret note" not in answer.content
    assert b"<script>" not in answer.content
    assert shop.logo_url in Client().get("/").content.decode()


def test_another_logo_has_another_address_and_the_old_one_is_gone(manager: Client) -> None:
    save(manager, logo=a_file(a_picture()))
    first = shops.current().logo_url
    save(manager, logo=a_file(a_picture(size=(100, 100))))
    assert shops.current().logo_url != first
    assert Client().get(first).status_code == 404
    save(manager, without_logo="on")
    assert shops.current().logo_url == ""
    assert [event["fields"][-1] for event in facts("shop.changed")[1:]] == ["logo", "logo"]


@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"GIF89a" + b"\0" * 40,
        a_picture()[:60],
        b"\x89PNG\r\n\x1a\n" + b"\0" * 200,
        b"%PDF-1.7",
        a_picture(size=(5000, 4000)),
        b"\0" * (2 * 1024 * 1024 + 1),
    ],
    ids=["svg", "gif", "cut-off", "png-head-only", "pdf", "20-megapixels", "too-large"],
)
def test_what_is_no_picture_is_refused_at_the_field(manager: Client, content: bytes) -> None:
    answer = save(manager, logo=a_file(content))
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["logo"]
    assert shops.current().logo_url == ""
    assert facts("shop.changed") == []


# ── Warehouses ────────────────────────────────────────────────────────────────────────────────────────────────────

HOUSE = {
    "name": "Returns",
    "street": "2 Dock Road",
    "postcode": "LE2 6BB",
    "city": "Leicester",
    "region": "",
    "country": "United Kingdom",
    "phone": "",
    "time_zone": "Europe/London",
    "working_days": ["1", "2", "6"],
    "holidays": "2026-12-25\n2026-12-28",
}


def save_house(client: Client, **form: Any) -> tuple[Warehouse, Any]:
    house = Warehouse.objects.get(is_default=True)
    given = {f"{house.code}-{name}": value for name, value in (HOUSE | form).items()}
    return house, client.post(reverse("settings:warehouse", args=[house.code]), given)


def test_a_warehouse_with_its_calendar(manager: Client) -> None:
    house, answer = save_house(manager)
    assert answer.status_code == 302
    house.refresh_from_db()
    assert (house.street, house.country) == ("2 Dock Road", "GB")
    assert house.working_days == [1, 2, 6]
    assert house.holidays == [date(2026, 12, 25), date(2026, 12, 28)]
    (event,) = facts("warehouse.changed")
    assert event["warehouse"] == house.code
    assert "2 Dock Road" not in str(event)
    save_house(manager)
    assert len(facts("warehouse.changed")) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("street", "x" * 121),
        ("postcode", ""),
        ("country", "Nowhere"),
        ("country", "4%"),
        ("time_zone", "Europe/Nowhere"),
        ("working_days", []),
        ("working_days", ["8"]),
        ("working_days", ["Monday"]),
        ("holidays", "25.12.2026"),
        ("holidays", "2026-02-30"),
        ("holidays", " ".join(f"2{year:03d}-01-01" for year in range(201))),
        ("holidays", "x" * 5001),
    ],
)
def test_a_bad_warehouse_is_refused_at_its_field(manager: Client, field: str, value: Any) -> None:
    before = Warehouse.objects.values().get(is_default=True)
    _house, answer = save_house(manager, **{field: value})
    assert answer.status_code == 422
    assert list(answer.context["refused_forms"][0].errors) == [field]
    assert Warehouse.objects.values().get(is_default=True) == before
    assert facts("warehouse.changed") == []


def test_a_warehouse_that_is_not_there_is_a_404(manager: Client) -> None:
    assert manager.post(reverse("settings:warehouse", args=["NOPE"]), HOUSE).status_code == 404


# ── Jobs ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def a_dead_job() -> Delivery:
    event = record_on("settings", "shop.changed", by="system", at=NOW, fields=["company"])
    return Delivery.objects.create(
        event=event, task="oms.nothing", queue="default", due_at=NOW, attempts=12, dead_at=NOW, error="TimeoutError"
    )


def test_a_job_that_was_given_up_is_seen_and_run_again(manager: Client) -> None:
    job = a_dead_job()
    page = manager.get(reverse("settings:jobs")).content.decode()
    assert "oms.nothing" in page
    assert "TimeoutError" in page
    assert reverse("settings:jobs") in manager.get(reverse("settings:shop")).content.decode()
    for _twice in range(2):
        assert manager.post(reverse("settings:job_attempts", args=[job.pk])).status_code == 302
    job.refresh_from_db()
    assert (job.dead_at, job.attempts, job.error) == (None, 0, "")
    assert facts("job.run_again") == [{"delivery": job.pk, "task": "oms.nothing"}]
    assert "No job was given up" in manager.get(reverse("settings:jobs")).content.decode()


def test_a_job_that_is_not_there_is_a_404(manager: Client) -> None:
    assert manager.post(reverse("settings:job_attempts", args=[987654321])).status_code == 404
