"""T3: lists, orders, returns and searches of staff cost the same however many orders there are.

`size` orders and a fifth as many returns are imported, the returns spread over every status. Then each page is opened
as its readers do: SQL statements are counted, and CPU is taken, ours and PostgreSQL's, of the round in the middle of
several. Statements are judged at any size, CPU at the full one and above (`--size 1000000`).
"""

import gc
import json
import os
import subprocess
import sys
import tempfile
from operator import itemgetter
from pathlib import Path
from typing import Any

from tests.proofs import Progress, invoices

SMALL, FULL = 400, 100_000
LIST, ONE = 8, 12  # statements at most
CPU_MS = 40.0  # of a list
ROUNDS, OPENINGS = 5, 4  # at full size; the clock of a process ticks every 10 ms


def run(size: int, progress: Progress) -> dict[str, Any]:
    """`pages`: address → statements, and CPU in ms in all and of PostgreSQL alone. `over`: pages above their limit."""
    from django.db import connection

    from tests.bench.meter import Meter

    orders, returns = _filled(size)
    gc.collect()
    gc.freeze()  # as the web server does at its start
    meter = Meter(connection.settings_dict["NAME"], {"here": os.getpid()})
    pages = _pages()
    found: dict[str, Any] = {}
    for number, (address, most, role) in enumerate(pages):
        found[address] = _cost(address, role, meter, rounds=ROUNDS if size >= FULL else 1) | {"at_most": most}
        progress(number + 1, len(pages))
    over = [
        page
        for page, cost in found.items()
        if cost["statements"] > cost["at_most"]
        or (size >= FULL and cost["at_most"] == LIST and cost["cpu_ms"] > CPU_MS)
    ]
    return {"orders": orders, "returns": returns, "pages": found, "over": over, "passed": not over}


def _filled(size: int) -> tuple[int, int]:
    from django.db import connection

    from oms.models import Order
    from returns.models import RMA
    from returns.states import RMAStatus

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "invoices.csv"
        invoices.write(file, sales=size, credit_notes=size // 5, lines=2)
        command = [sys.executable, "manage.py", "import_orders", str(file), "--json"]
        told = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert told["rejected"] == 0, told
    # Imported returns are closed: give them every status, and days of asking that spread over months.
    statuses = list(RMAStatus.values)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE returns_rma SET status = (%s::text[])[1 + id %% %s], settlement = 'none', settled_at = NULL,"
            " requested_at = now() - make_interval(mins => (id %% 200000)::int)",
            [statuses, len(statuses)],
        )
    connection.commit()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return Order.objects.count(), RMA.objects.count()


def _pages() -> list[tuple[str, int, str]]:
    """Address, statements at most, and who opens it."""
    from oms.models import Order
    from returns.models import RMA

    order = Order.objects.order_by("-pk")[10]
    rma = RMA.objects.filter(order__isnull=False, status="received").order_by("-pk")[3]
    return [
        ("/orders/", LIST, "agent"),
        ("/orders/?country=Germany&status=delivered", LIST, "agent"),
        ("/returns/", LIST, "agent"),
        ("/returns/?status=received&country=United+Kingdom", LIST, "agent"),
        ("/returns/?status=all&page=40", LIST, "agent"),
        ("/returns/review/", LIST, "agent"),
        ("/admin/inspection/", LIST, "dock"),
        ("/refunds/", LIST, "finance"),
        (f"/orders/{order.number}/", ONE, "agent"),
        (f"/returns/{rma.number}/", ONE, "agent"),
        (f"/search/?q={rma.number}", ONE, "agent"),
        (f"/search/?q={order.number}", ONE, "agent"),
    ]


def _cost(address: str, role: str, meter: Any, *, rounds: int) -> dict[str, float]:
    """Of one opening, counted where PostgreSQL counts: what the page sends, whoever sends it."""
    from tests.staff import staff_client

    client = staff_client(role)
    client.defaults["SERVER_NAME"] = "127.0.0.1"
    for _ in range(8):  # templates are compiled; PostgreSQL plans a statement anew five times
        answer = client.get(address)
        assert answer.status_code in (200, 302), (address, answer.status_code)  # one hit: there at once
    took = []
    for _ in range(rounds):
        before = meter.read()
        for _ in range(OPENINGS):
            client.get(address)
        after = meter.read()
        spent = {part: (after.cpu[part] - before.cpu[part]) * 1000 / OPENINGS for part in after.cpu}
        took.append(
            {
                # Rounded: what a process remembers for some seconds is read anew during some of the openings.
                "statements": round((after.statements - before.statements) / OPENINGS),
                "cpu_ms": round(sum(spent.values()), 1),
                "postgresql_ms": round(spent["postgresql"], 1),
            }
        )
    return sorted(took, key=itemgetter("cpu_ms"))[rounds // 2]
