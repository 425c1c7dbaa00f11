"""Sales of a file → orders, lines, payments, books and events: one transaction and a few COPY per batch of orders.

Repeat-safe: an order whose number is known is left alone, so a run that was killed is simply run again. PostgreSQL
stores batches of plain history, and checks their foreign keys, in two sessions beside while the next one is made ready.
"""

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from decimal import Decimal

from django.db import connection, connections, transaction

from oms import bulk
from oms.importing.documents import Sale, SoldPieces
from oms.importing.people import People
from oms.importing.report import BadRow, ImportReport
from oms.importing.rows import Rows
from oms.importing.values import LARGEST_VALUE, Remembered
from oms.models import Payment, Product
from oms.states import PaymentMethod

SESSIONS = 2  # that store what is ready: while one checks foreign keys, the other takes rows

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
        self.beside = deque(ThreadPoolExecutor(1) for _ in range(SESSIONS))
        self.stored: deque[tuple[Future[None], set[str]]] = deque()  # batches on their way: numbers of orders

    def __enter__(self) -> "Sales":
        return self

    def __exit__(self, *exception: object) -> None:
        """Wait for what is being stored; raise what it raised."""
        try:
            self._wait()
        finally:
            for session in self.beside:
                session.submit(connections.close_all)
                session.shutdown()

    def write(self, sales: Iterable[Sale]) -> None:
        """Write one batch in one transaction. Plain history is on its way then: the next batch is read meanwhile."""
        sales = [sale for sale in sales if self._is_plausible(sale)]
        self.report.orders += len(sales)
        self.report.order_lines += sum(len(sale.lines) for sale in sales)
        is_plain = not connection.in_atomic_block and not any(
            sale.payment_id or sale.credit or sale.shipped_at for sale in sales
        )
        if not is_plain or any(sale.number in numbers for _, numbers in self.stored for sale in sales):
            self._wait()  # else it would not be seen
        with transaction.atomic():
            new = self._unknown(sales)
            if not new:
                return
            customers = self.people.find_or_add([sale.buyer for sale in new])
            new, customers = self._paid_with_credit(new, customers)
            self._find_or_add_products(new)
            rows = Rows(new, customers, self.products, self.texts)
            if not is_plain:
                rows.copy()
                if rows.pieces:
                    self.note_pieces(rows.pieces)
        if is_plain:  # people and products stand now, for the other session to refer to
            self._wait(besides=SESSIONS - 1)
            stored = self.beside[0].submit(transaction.atomic(rows.copy))
            self.stored.append((stored, {sale.number for sale in new}))
            self.beside.rotate()
        self.report.new_orders += len(new)

    def _wait(self, *, besides: int = 0) -> None:
        """Until at most so many batches are still being stored."""
        while len(self.stored) > besides:
            stored, _ = self.stored.popleft()
            stored.result()

    def _is_plausible(self, sale: Sale) -> bool:
        if sale.total < LARGEST_VALUE:
            return True
        self.report.reject(sale.line, "", f"Order {sale.number} comes to more than {LARGEST_VALUE} {sale.currency}.")
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
            elif known[sale.number] != (sale.total, len(sale.lines)):
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
            if (sale.payment_method == PaymentMethod.STORE_CREDIT and sale.total) or sale.credit:
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
            sale.payment_id = self.pay_with_credit(sale, customer, sale.payment_id, sale.total)
        elif sale.credit_amount > sale.total:
            raise BadRow("credit_amount", f"{sale.credit_amount} is more than the {sale.total} of the order.")
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


def _is_captured_once(sale: Sale) -> bool:
    """Whether its payment's number names one capture; that of store credit names what pays for many."""
    return bool(sale.payment_id) and sale.payment_method != PaymentMethod.STORE_CREDIT
