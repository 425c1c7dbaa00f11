"""Filling the demo's shop: real orders, and what is made up about them.

Orders, products, prices and credit notes are real (`oms/demo/data/README.md`), moved forward in time by whole weeks so
that the newest is from yesterday; but for a few orders of goods with serials, lots and kits (`tracked`). Names,
addresses, parcels, costs, reasons, conditions, photos, times and opinions are made up by a generator with a fixed seed:
the same on every machine.
"""

from oms.demo.seeding.books import keep_books
from oms.demo.seeding.charges import tell_labels
from oms.demo.seeding.credit import make_store_credit
from oms.demo.seeding.exchanges import make_exchanges, make_options
from oms.demo.seeding.found import make_found_goods
from oms.demo.seeding.gifts import make_gifts
from oms.demo.seeding.goods import make_goods
from oms.demo.seeding.history import make_returns
from oms.demo.seeding.other_books import make_other_books
from oms.demo.seeding.parcels import make_collected, make_parcel_cases
from oms.demo.seeding.paying import make_split_payment
from oms.demo.seeding.places import make_places
from oms.demo.seeding.sample import import_sample
from oms.demo.seeding.staff import make_staff
from oms.demo.seeding.stock import make_counts, make_stock
from oms.demo.seeding.terms import ask_before_less, make_terms
from oms.demo.seeding.tracked import make_tracked

__all__ = [
    "ask_before_less",
    "import_sample",
    "keep_books",
    "make_collected",
    "make_counts",
    "make_exchanges",
    "make_found_goods",
    "make_gifts",
    "make_goods",
    "make_options",
    "make_other_books",
    "make_parcel_cases",
    "make_places",
    "make_returns",
    "make_split_payment",
    "make_staff",
    "make_stock",
    "make_store_credit",
    "make_terms",
    "make_tracked",
    "tell_labels",
]
