"""The real orders, moved to now, with people, parcels and payments made up around them."""

import csv
import gzip
import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from django.core.management import call_command
from django.db import connection, transaction

from oms import journal
from oms.demo.seeding import charges
from oms.models import Customer, NameWord, Order, OrderLine, Payment, Product, Shipment, ShipmentLine
from oms.states import PaymentMethod, ShipmentStatus

SAMPLE = Path(__file__).resolve().parent.parent / "data" / "online_retail_sample.csv.gz"
RECENT = timedelta(days=45)  # orders young enough for a return: with parcels, and with charges at the sandbox
ON_THEIR_WAY = 10  # of them the newest that were sent are still with the carrier: some of these go wrong
FIRST = (
    "Ada Ben Cleo Dev Edie Finn Gita Hugo Ines Jon Kaya Leo Mina Noor Otto Priya Rosa Sam Tess Uma Vic Wren Yara Zoe"
)
LAST = (
    "Abbott Barker Chen Doyle Evans Fischer Garcia Hughes Ito Jansen Khan Lopez Moreau Nowak Okafor Patel Quinn Rossi"
)
STREETS = "High Street, Church Lane, Mill Road, Station Road, Park Avenue, Queen Street, Garden Row, Bridge Street"
CITIES = "Leicester Bristol York Leeds Norwich Exeter Durham Bath Lincoln Chester"
CATEGORIES = {
    "BAG": "bags", "BOX": "storage", "TIN": "storage", "LIGHT": "lights", "LAMP": "lights", "CANDLE": "candles",
    "T-LIGHT": "candles", "MUG": "kitchen", "CUP": "kitchen", "CAKE": "kitchen", "PLATE": "kitchen", "BOWL": "kitchen",
    "CLOCK": "clocks", "HEART": "decoration", "CHRISTMAS": "seasonal", "CARD": "paper", "PAPER": "paper",
    "WRAP": "paper", "SIGN": "decoration", "FRAME": "decoration", "TOY": "toys", "DOLL": "toys", "NECKLACE": "jewelry",
    "EARRING": "jewelry", "BRACELET": "jewelry", "UMBRELLA": "accessories",
}  # fmt: skip
# Made up, as far as a kind of goods goes; what is none of these has no tariff number yet, as in many a shop.
TARIFF = {
    "bags": "420222", "storage": "732690", "lights": "940541", "candles": "340600", "kitchen": "691200",
    "clocks": "910521", "decoration": "442019", "seasonal": "950510", "paper": "482090", "toys": "950300",
    "jewelry": "711719", "accessories": "660199",
}  # fmt: skip


def import_sample(*, now: datetime, random: Random, progress: Callable[[str, int, int], None]) -> None:
    """Import the bundled invoices and make up what they do not say. `progress(words, done, total)`."""
    with tempfile.NamedTemporaryFile("w", suffix=".csv", newline="") as moved:
        _move_to_now(now, moved)
        moved.flush()
        progress("importing real orders", 0, 4)
        with open("/dev/null", "w") as quiet:
            call_command("import_orders", moved.name, layout="online-retail", stdout=quiet, stderr=quiet)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # the server would do it within a minute: too late for what is made up now
    progress("making up people", 1, 4)
    _make_people(random)
    progress("making up costs", 2, 4)
    _make_costs()
    progress("making up parcels and payments", 3, 4)
    _make_recent(now, random)
    progress("orders are ready", 4, 4)


def _move_to_now(now: datetime, out: object) -> None:
    """Copy the sample with its dates moved forward by whole weeks, weekdays kept."""
    with gzip.open(SAMPLE, "rt", encoding="utf-8", newline="") as source:
        rows = list(csv.reader(source))
    header, body = rows[0], rows[1:]
    when = header.index("InvoiceDate")
    newest = max(datetime.fromisoformat(row[when]) for row in body)
    weeks = (now.replace(tzinfo=None) - newest).days // 7
    for row in body:
        row[when] = str(datetime.fromisoformat(row[when]) + timedelta(weeks=weeks))
    csv.writer(out).writerows([header, *body])  # type: ignore[arg-type]


@transaction.atomic
def _make_people(random: Random) -> None:
    words: list[NameWord] = []
    people = list(Customer.objects.order_by("external_id"))
    for person in people:
        person.ensure_key()
        first, last = random.choice(FIRST.split()), random.choice(LAST.split())
        person.name = f"{first} {last}"
        person.email = f"{first}.{last}.{person.external_id or person.pk}@example.test".lower()
        person.phone = f"+44 20 7946 {random.randrange(1000):04d}"
        person.street = f"{random.randrange(1, 200)} {random.choice(STREETS.split(', '))}"
        person.city = random.choice(CITIES.split())
        person.postcode = (
            f"LE{random.randrange(1, 10)} {random.randrange(1, 10)}{random.choice('ABDEFG')}{random.choice('ABDEFG')}"
        )
        person.index_personal()
        words += person.words_of_name()
        # one by one: personal fields are sealed as they are saved
        person.save()
    NameWord.objects.bulk_create(words, ignore_conflicts=True)


def _make_costs() -> None:
    """Standard costs at 45 % of the price, categories by a word of the title; titles no longer in capitals."""
    products = list(Product.objects.all())
    for product in products:
        product.category = next((name for word, name in CATEGORIES.items() if word in product.title.upper()), "gifts")
        product.title = product.title.capitalize()
        product.weight_grams = 150 + len(product.title) * 12
        product.hs_code = TARIFF.get(product.category, "")
        product.origin_country = "CN" if product.hs_code else ""
    told = [(one.pk, one.title, one.category, one.weight_grams, one.hs_code, one.origin_country) for one in products]
    with connection.cursor() as cursor:
        cursor.execute(  # a CASE for each of thousands of rows, as `bulk_update` has it, takes seconds
            """UPDATE oms_product p SET title = t.title, category = t.category, weight_grams = t.weight_grams,
                      hs_code = t.hs_code, origin_country = t.origin_country
                 FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::int[], %s::text[], %s::text[])
                      AS t (id, title, category, weight_grams, hs_code, origin_country)
                WHERE p.id = t.id""",
            [list(column) for column in zip(*told, strict=True)],
        )
        cursor.execute(
            """UPDATE oms_orderline SET unit_cost = round(unit_price * 0.45, 4),
                      description = upper(left(description, 1)) || lower(substr(description, 2))"""
        )
        cursor.execute(
            """UPDATE oms_product p SET standard_cost = round(s.price * 0.45, 4), price = coalesce(p.price, s.price)
                 FROM (SELECT product_id, avg(unit_price) AS price FROM oms_orderline GROUP BY 1) s
                WHERE s.product_id = p.id"""
        )


@transaction.atomic
def _make_recent(now: datetime, random: Random) -> None:
    """Young orders get parcels, and card payments that the sandbox is told about when it starts."""
    charged = []
    recent = Order.objects.filter(placed_at__gte=now - RECENT, customer__isnull=False).order_by("-placed_at", "-id")
    for at, order in enumerate(recent):
        payment = Payment.objects.filter(order=order).order_by("id").first()
        if payment is not None and payment.captured and not payment.refunded:
            journal.post(  # the file said nothing of how it was paid: the money moves to where it is now said to be
                f"capture/{order.number}/moved/{payment.pk}",
                [
                    (journal.paid_into(PaymentMethod.CARD), payment.captured),
                    (journal.paid_into(payment.method), -payment.captured),
                ],
                currency=payment.currency,
                at=payment.captured_at,
                order=order,
            )
            payment.method, payment.provider_id = PaymentMethod.CARD, f"pi_demo_{order.number}"
            payment.save(update_fields=["method", "provider_id"])
            charged.append(payment)
        if at < 8:
            _leave_unsent(order, every=at % 2 == 0)
        else:
            _send(order, now, random, on_its_way=at < 8 + ON_THEIR_WAY)
    charges.forget()
    charges.tell(charged)


def _leave_unsent(order: Order, *, every: bool) -> None:
    lines = order.lines.filter(returned=0, claims=None)
    if not every:
        lines = lines.filter(position__gt=1)
    OrderLine.objects.filter(pk__in=list(lines.values_list("pk", flat=True))).update(shipped=0)


def _send(order: Order, now: datetime, random: Random, *, on_its_way: bool) -> None:
    shipped_at = order.placed_at + timedelta(days=1, hours=random.randrange(8))
    delivered_at = shipped_at + timedelta(days=random.randrange(1, 4), hours=random.randrange(6))
    delivered = delivered_at < now and not on_its_way
    shipment = Shipment.objects.create(
        order=order,
        carrier="Royal Mail",
        tracking_number=f"RM{random.randrange(10**9):09d}GB",
        status=ShipmentStatus.DELIVERED if delivered else ShipmentStatus.SHIPPED,
        shipped_at=min(shipped_at, now),
        delivered_at=delivered_at if delivered else None,
    )
    ShipmentLine.objects.bulk_create(
        ShipmentLine(shipment=shipment, order_line=line, quantity=line.shipped)
        for line in order.lines.filter(shipped__gt=0)
    )
