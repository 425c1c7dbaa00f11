"""The rows of a batch of sales, as COPY takes them: orders, lines, payments, books, shipments and events."""

from decimal import Decimal
from uuid import uuid4

from oms import bulk
from oms.history import History, record_history
from oms.identifiers import uuid7
from oms.importing.documents import ZERO, Sale, SoldPieces
from oms.journal import Account, paid_into
from oms.money import part_of
from oms.states import OrderKind, PaymentMethod, ShipmentStatus

ACTOR = "system"

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


class Rows:
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
        order_id, total, correlation = str(next(self.order_ids)), sale.total, uuid4()
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
