"""Sales of a file → orders, lines, payments, books and events: one transaction and a few COPY per batch of orders.

Repeat-safe: an order whose number is known is left alone, so a run that was killed is simply run again.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from uuid import uuid4

from django.db import connection, transaction

from oms import bulk
from oms.history import History, record_history
from oms.identifiers import uuid7
from oms.importing.documents import ZERO, Sale, SoldPieces
from oms.importing.people import People
from oms.importing.report import BadRow, ImportReport
from oms.importing.values import Remembered
from oms.journal import Account, paid_into
from oms.models import Payment, Product
from oms.money import part_of
from oms.states import OrderKind, PaymentMethod, ShipmentStatus

ACTOR = "system"
LARGEST_TOTAL = Decimal(10) ** 12

ORDER = (
    "id,ref,correlation,event_sequence,event_hash,number,kind,source,customer_id,placed_at,market,country,region,"
    "currency,prices_include_tax,items_total,shipping_total,shipping_tax,total,promotions"
)
LINE = (
    "order_id,position,product_id,sku,description,quantity,unit_price,gross,tax,tax_rate,is_final_sale,shipped,"
    "canceled,returned,kit"
)
PAYMENT = "id,order_id,method,provider_id,currency,captured,refunded,in_flight,captured_at"
ENTRY = "id,cause,order_id,occurred_at"
POSTING = "entry_id,account,amount,currency,tax_rate"
SHIPMENT = "id,order_id,carrier,tracking_number,status,shipped_at,delivered_at"
SHIPMENT_LINE = "shipment_id,order_line_id,quantity"

# What is here already under these numbers, to tell a repeated row from another order under the same number.
KNOWN = """
    SELECT o.number, o.total, count(l.id) FROM oms_order o LEFT JOIN oms_orderline l ON l.order_id = o.id
     WHERE o.number = ANY(%s::text[]) GROUP BY o.id
"""


# Spends so much of the store credit of this number for a sale of this customer; gives the reference its payment keeps.
# Raises BadRow.
PayWithCredit = Callable[[Sale, int | None, str, Decimal], str]
# Writes down which serials and lots went out. Of (SKU, serial), those that are known here already.
NotePieces = Callable[[list[SoldPieces]], None]
KnownSerials = Callable[[set[tuple[str, str]]], set[tuple[str, str]]]


class Sales:
    """Writes batches of sales; remembers products and people between them."""

    def __init__(
        self,
        report: ImportReport,
        is_goods: Callable[[str], bool],
        *,
        now: datetime,
        pay_with_credit: PayWithCredit,
        known_serials: KnownSerials,
        note_pieces: NotePieces,
    ) -> None:
        self.report, self.is_goods, self.pay_with_credit = report, is_goods, pay_with_credit
        self.known_serials, self.note_pieces = known_serials, note_pieces
        self.people = People(now)
        self.products: dict[str, int] = {}
        self.texts = Remembered(bulk.text)  # what products are called repeats itself

    def write(self, sales: Iterable[Sale]) -> None:
        """Write one batch in one transaction."""
        sales = [sale for sale in sales if self._is_plausible(sale)]
        self.report.orders += len(sales)
        self.report.order_lines += sum(len(sale.lines) for sale in sales)
        with transaction.atomic():
            new = self._unknown(sales)
            if not new:
                return
            customers = self.people.find_or_add([sale.buyer for sale in new])
            new, customers = self._paid_with_credit(new, customers)
            self._find_or_add_products(new)
            rows = _Rows(new, customers, self.products, self.texts)
            rows.copy()
            if rows.pieces:
                self.note_pieces(rows.pieces)
        self.report.new_orders += len(new)

    def _is_plausible(self, sale: Sale) -> bool:
        if sum((line.gross for line in sale.lines), sale.shipping) < LARGEST_TOTAL:
            return True
        self.report.reject(sale.line, "", f"Order {sale.number} comes to more than {LARGEST_TOTAL} {sale.currency}.")
        return False

    def _unknown(self, sales: list[Sale]) -> list[Sale]:
        with connection.cursor() as cursor:
            cursor.execute(KNOWN, [[sale.number for sale in sales]])
            known = {number: (total, lines) for number, total, lines in cursor.fetchall()}
        new: dict[str, Sale] = {}
        for sale in sales:
            if sale.number in new:
                self._differs(sale)
            elif sale.number not in known:
                new[sale.number] = sale
            elif known[sale.number] != (_total(sale), len(sale.lines)):
                self._differs(sale)
        return self._with_own_serials(self._with_own_payment(list(new.values())))

    def _with_own_payment(self, sales: list[Sale]) -> list[Sale]:
        """Leave out orders whose payment is another order's already: money of one capture is owed once."""
        numbers = [sale.payment_id for sale in sales if _is_captured_once(sale)]
        if not numbers:
            return sales
        known = Payment.objects.filter(provider_id__in=numbers).values_list("method", "provider_id")
        taken, kept = set(known), []
        for sale in sales:
            payment = (str(sale.payment_method), sale.payment_id)
            if _is_captured_once(sale) and payment in taken:
                self.report.reject(sale.line, "payment_id", f"{sale.payment_id} is the payment of another order.")
                continue
            taken.add(payment)
            kept.append(sale)
        return kept

    def _with_own_serials(self, sales: list[Sale]) -> list[Sale]:
        """Leave out orders with a serial that is known already: one piece was sold to one."""
        named = [[(line.sku, serial) for line in sale.lines for serial in line.serials] for sale in sales]
        if not any(named):
            return sales
        taken, kept = self.known_serials({one for of_sale in named for one in of_sale}), []
        for sale, own in zip(sales, named, strict=True):
            clash = next((one for at, one in enumerate(own) if one in taken or one in own[:at]), None)
            if clash:
                self.report.reject(sale.line, "serials", f"Serial {clash[1]} of {clash[0]} was sold already.")
                continue
            taken.update(own)
            kept.append(sale)
        return kept

    def _paid_with_credit(self, sales: list[Sale], customers: list[int | None]) -> tuple[list[Sale], list[int | None]]:
        """Leave out orders whose store credit does not pay for them."""
        kept: list[tuple[Sale, int | None]] = []
        for sale, customer in zip(sales, customers, strict=True):
            if (sale.payment_method == PaymentMethod.STORE_CREDIT and _total(sale)) or sale.credit:
                try:
                    self._pay_with_credit(sale, customer)
                except BadRow as bad:
                    self.report.reject(sale.line, bad.column, str(bad))
                    continue
            kept.append((sale, customer))
        return [sale for sale, _customer in kept], [customer for _sale, customer in kept]

    def _pay_with_credit(self, sale: Sale, customer: int | None) -> None:
        """The payments keep the references of what was spent in place of the credit's number."""
        if not sale.credit:
            sale.payment_id = self.pay_with_credit(sale, customer, sale.payment_id, _total(sale))
        elif sale.credit_amount > _total(sale):
            raise BadRow("credit_amount", f"{sale.credit_amount} is more than the {_total(sale)} of the order.")
        else:
            sale.credit = self.pay_with_credit(sale, customer, sale.credit, sale.credit_amount)

    def _differs(self, sale: Sale) -> None:
        reason = f"Order {sale.number} is here already with other lines; it was left as it is."
        self.report.reject(sale.line, "", reason)

    def _find_or_add_products(self, sales: list[Sale]) -> None:
        missing: dict[str, Product] = {}
        for sale in sales:
            for line in sale.lines:
                if line.sku in self.products:
                    continue
                product = missing.get(line.sku)
                if product is None:
                    product = missing[line.sku] = Product(
                        sku=line.sku,
                        title="",
                        category=line.category,
                        style=line.style,
                        options=dict(line.options),
                        currency=sale.currency,
                        is_merchandise=self.is_goods(line.sku),
                        is_hazardous=line.is_hazardous,
                        longest_cm=line.longest_cm,
                    )
                    product.weight_grams = line.weight_grams or product.weight_grams
                product.is_serial_tracked = product.is_serial_tracked or bool(line.serials)
                product.title = product.title or line.description
                product.price = product.price or (line.unit_price or None)
        if not missing:
            return
        for product in missing.values():
            product.title = product.title or product.sku
        Product.objects.bulk_create(missing.values(), ignore_conflicts=True)
        with connection.cursor() as cursor:
            # One array, not one parameter for each: a batch may name more than a statement can carry.
            cursor.execute("SELECT sku, id FROM oms_product WHERE sku = ANY(%s::text[])", [list(missing)])
            self.products.update(cursor.fetchall())


class _Rows:
    """The rows of one batch, as lines for COPY."""

    def __init__(
        self, sales: list[Sale], customers: list[int | None], products: dict[str, int], texts: dict[str, str]
    ) -> None:
        self.products, self.texts = products, texts
        self.orders: list[str] = []
        self.lines: list[str] = []
        self.shipped_lines: list[str] = []  # these carry their id, for the parcel to refer to
        self.payments: list[str] = []
        self.entries: list[str] = []
        self.postings: list[str] = []
        self.shipments: list[str] = []
        self.shipment_lines: list[str] = []
        self.pieces: list[SoldPieces] = []
        self.history = History()
        paid = sum((sale.payment_method is not None) + bool(sale.credit) for sale in sales)
        self.order_ids = bulk.reserve("oms_order", len(sales))
        self.payment_ids = bulk.reserve("oms_payment", paid)
        self.entry_ids = bulk.reserve("oms_journalentry", paid)
        self.shipment_ids = bulk.reserve("oms_shipment", sum(sale.shipped_at is not None for sale in sales))
        for sale, customer in zip(sales, customers, strict=True):
            self._order(sale, customer)

    def copy(self) -> None:
        bulk.copy("oms_order", ORDER, self.orders)
        bulk.copy("oms_orderline", LINE, self.lines)
        bulk.copy("oms_orderline", f"id,{LINE}", self.shipped_lines)
        bulk.copy("oms_payment", PAYMENT, self.payments)
        bulk.copy("oms_journalentry", ENTRY, self.entries)
        bulk.copy("oms_posting", POSTING, self.postings)
        bulk.copy("oms_shipment", SHIPMENT, self.shipments)
        bulk.copy("oms_shipmentline", SHIPMENT_LINE, self.shipment_lines)
        record_history(self.history)

    def _order(self, sale: Sale, customer: int | None) -> None:
        order_id, total, correlation = str(next(self.order_ids)), _total(sale), uuid4()
        number, placed_at = bulk.text(sale.number), sale.placed_at.isoformat()
        head = self.history.tell(
            f"order/{sale.number}", "order.imported", correlation=correlation, by=ACTOR, at=sale.placed_at,
            lines=len(sale.lines), total=str(total), currency=sale.currency, source=str(sale.source),
        )  # fmt: skip
        self.orders.append(
            f"{order_id}\t{uuid7()}\t{correlation}\t{head.sequence}\t{bulk.hexed(head.hash)}\t{number}\t"
            f"{OrderKind.SALE.value}\t{sale.source.value}\t{bulk.NULL if customer is None else customer}\t{placed_at}\t"
            f"default\t{bulk.text(sale.country)}\t{bulk.text(sale.region)}\t{sale.currency}\t"
            f"{'t' if sale.prices_include_tax else 'f'}\t"
            f"{total - sale.shipping!s}\t{sale.shipping!s}\t{sale.shipping_tax!s}\t{total!s}\t"
            f"{bulk.text(sale.promotions) if sale.promotions else bulk.NULL}"
        )
        lines = self._lines(order_id, sale)
        before = ZERO
        for method, reference, captured in _tenders(sale, total):
            self._payment(order_id, sale, (method, reference, captured), before, total, placed_at)
            before += captured
        if sale.shipped_at is None:
            self.lines += lines
        else:
            self._shipment(order_id, sale, lines)

    def _lines(self, order_id: str, sale: Sale) -> list[str]:
        found, products, texts, is_shipped = [], self.products, self.texts, sale.is_shipped
        for position, line in enumerate(sale.lines, 1):
            sku, description, quantity, price, gross, tax, rate, is_final, *_ = line
            found.append(
                f"{order_id}\t{position}\t{products[sku]}\t{texts[sku]}\t{texts[description]}\t{quantity}\t"
                f"{price!s}\t{gross!s}\t{tax!s}\t{rate!s}\t{'t' if is_final else 'f'}\t"
                f"{quantity if is_shipped else 0}\t0\t0\t{texts[line.kit]}"
            )
        return found

    def _payment(
        self, order_id: str, sale: Sale, tender: tuple[PaymentMethod, str, Decimal], before: Decimal, total: Decimal,
        placed_at: str,
    ) -> None:  # fmt: skip
        payment_id, (method, reference, captured) = next(self.payment_ids), tender
        self.payments.append(
            f"{payment_id}\t{order_id}\t{method}\t{bulk.text(reference)}\t{sale.currency}\t{captured!s}\t0\t0\t{placed_at}"
        )
        if not captured:
            return
        entry_id, taxes = next(self.entry_ids), _taxes(sale)
        if captured != total:
            taxes = {rate: part_of(tax, total, before, captured, sale.currency) for rate, tax in taxes.items()}
        self.entries.append(f"{entry_id}\tcapture/{bulk.text(sale.number)}/{payment_id}\t{order_id}\t{placed_at}")
        for account, amount, rate in (
            (paid_into(method), captured, bulk.NULL),
            (Account.SALES, sum(taxes.values()) - captured, bulk.NULL),
            *((Account.SALES_TAX, -tax, rate) for rate, tax in taxes.items()),
        ):
            if amount:
                self.postings.append(f"{entry_id}\t{account.value}\t{amount!s}\t{sale.currency}\t{rate}")

    def _shipment(self, order_id: str, sale: Sale, lines: list[str]) -> None:
        assert sale.shipped_at is not None
        line_ids = list(bulk.reserve("oms_orderline", len(lines)))
        self.shipped_lines += [f"{line_id}\t{line}" for line_id, line in zip(line_ids, lines, strict=True)]
        self.pieces += [
            SoldPieces(line_id, self.products[line.sku], line.quantity, line.serials, line.lot, sale.placed_at)
            for line_id, line in zip(line_ids, sale.lines, strict=True)
            if line.serials or line.lot
        ]
        shipment_id, delivered = next(self.shipment_ids), sale.delivered_at
        status = ShipmentStatus.DELIVERED if delivered else ShipmentStatus.SHIPPED
        self.shipments.append(
            f"{shipment_id}\t{order_id}\t{bulk.text(sale.carrier)}\t{bulk.text(sale.tracking)}\t{status.value}\t"
            f"{sale.shipped_at.isoformat()}\t{delivered.isoformat() if delivered else bulk.NULL}"
        )
        self.shipment_lines += [
            f"{shipment_id}\t{line_id}\t{line.quantity}" for line_id, line in zip(line_ids, sale.lines, strict=True)
        ]


def _taxes(sale: Sale) -> dict[str, Decimal]:
    """The tax of a sale by rate as COPY reads it; that of its shipping has no rate of its own."""
    taxes = {bulk.NULL: sale.shipping_tax}
    for line in sale.lines:
        if line.tax:
            rate = str(line.tax_rate) if line.tax_rate else bulk.NULL
            taxes[rate] = taxes.get(rate, ZERO) + line.tax
    return taxes


def _tenders(sale: Sale, total: Decimal) -> list[tuple[PaymentMethod, str, Decimal]]:
    """How it was paid: so much with store credit, the rest by the method named. Nothing captured: none."""
    found = [(PaymentMethod.STORE_CREDIT, sale.credit, sale.credit_amount)] if sale.credit else []
    if sale.payment_method is not None and (not found or total > sale.credit_amount):
        found.append((sale.payment_method, sale.payment_id, total - sale.credit_amount))
    return found


def _is_captured_once(sale: Sale) -> bool:
    """Whether its payment's number names one capture; that of store credit names what pays for many."""
    return bool(sale.payment_id) and sale.payment_method != PaymentMethod.STORE_CREDIT


def _total(sale: Sale) -> Decimal:
    return sum((line.gross for line in sale.lines), sale.shipping + ZERO)
