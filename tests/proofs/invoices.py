"""Made-up invoices in the layout of Online Retail, as many as a figure asks for; the same for the same size."""

import csv
import random
from datetime import datetime, timedelta
from pathlib import Path

COUNTRIES = ("United Kingdom",) * 18 + ("Germany", "France", "EIRE", "Spain", "Netherlands", "Japan")
GOODS = [(f"{20000 + number}", f"THING NUMBER {number}", f"{0.42 + number % 97 * 0.13:.2f}") for number in range(3_000)]
FIRST = datetime(2010, 12, 1, 8)  # noqa: DTZ001 - the layout's times have no zone
HEADER = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")


def write(path: Path, *, sales: int, credit_notes: int, lines: int) -> int:
    """Write `sales` invoices of `lines` lines each, and credit notes of one line for some of them; return the rows."""
    dice = random.Random(20101201)
    rows = 0
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(HEADER)
        for number in range(sales):
            at = FIRST + timedelta(minutes=number * 5)
            customer, country = 12_000 + dice.randrange(6_000), dice.choice(COUNTRIES)
            bought = [(*dice.choice(GOODS), dice.randrange(1, 12)) for _ in range(lines)]
            for sku, title, price, quantity in bought:
                out.writerow((500_000 + number, sku, title, quantity, at, price, customer, country))
            rows += len(bought)
            if number * credit_notes // sales < (number + 1) * credit_notes // sales:
                sku, title, price, _quantity = bought[0]
                later = at + timedelta(minutes=2)
                out.writerow((f"C{500_000 + number}", sku, title, -1, later, price, customer, country))
                rows += 1
    return rows
