"""The runner behind `bin/prove`: one figure, on throw-away servers, with progress on standard error."""

import argparse
import ast
import importlib
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from tests import tables

FOLDER = Path(__file__).parent
EXAMPLES = """examples:
  bin/prove --list           what can be proved
  bin/prove K2               a figure at its full size
  bin/prove K2 --small       the size that bin/test runs
  bin/prove T3 --size 1000000
                             ten times as large
  bin/prove K2 --json        one line of JSON instead of a line per number

exit codes: 0 the figure holds, 1 it does not, 2 no such figure, 3 a server would not start"""


def catalogue() -> dict[str, str]:
    """Return figure id → the first line of its proof's docstring."""
    files = sorted(path for path in FOLDER.glob("*.py") if re.fullmatch(r"[a-z]\d+", path.stem))
    return {path.stem.upper(): (ast.get_docstring(ast.parse(path.read_text())) or "").split("\n")[0] for path in files}


@contextmanager
def throw_away_servers(begun: Path | None = None, *, durable: bool = False) -> Iterator[Path]:
    """Django on an empty, migrated database and with static files of its own, all gone afterwards; `durable` as in
    production.

    Yields the data folder. `begun` is what `begin` has made: copying it is quicker than making every table again.
    """
    folder = Path(tempfile.mkdtemp(prefix="homeward-proof-"))
    folder.chmod(0o711)  # PostgreSQL refuses root and walks through it as somebody else
    if begun is not None:
        tables.copy(begun, folder, tables.STATIC)
    for name in ("DATABASE_URL", "REDIS_URL", "HOMEWARD_TESTS"):
        os.environ.pop(name, None)
    os.environ |= {"HOMEWARD_DATA": str(folder), "DJANGO_SETTINGS_MODULE": "oms.settings"}
    os.environ["HOMEWARD_FAST_DISK"] = "" if durable else "1"
    os.environ["VERDICTS_WAIT"] = "0"  # nobody takes anything back here
    # Only now: the project reads its settings once, when it is imported.
    import django
    from django.core.management import call_command
    from django.db import connections

    from oms import embedded

    try:
        django.setup()
        if begun is None:
            call_command("migrate", verbosity=0, interactive=False)
            call_command("collectstatic", verbosity=0, interactive=False)
        yield folder
    finally:
        connections.close_all()
        embedded.release(wait=20)
        shutil.rmtree(embedded.keeper.run_dir(folder), ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


def begin(into: Path) -> None:
    """Leave in this folder what each proof begins with: every table, and the keys its first rows were sealed with."""
    with throw_away_servers() as folder:
        from django.db import connections

        from oms import embedded

        connections.close_all()
        if not embedded.release(wait=60):
            raise SystemExit("the servers do not stop")
        tables.copy(folder, into, tables.STATIC)


def prove(name: str, *, small: bool, size: int | None = None, begun: Path | None = None) -> dict[str, Any]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        job = bar.add_task(f"{name}: starting servers", total=None)
        with throw_away_servers(begun):
            proof = importlib.import_module(f"tests.proofs.{name.lower()}")
            size = size or (proof.SMALL if small else proof.FULL)
            bar.update(job, description=name, total=size)
            started = time.monotonic()
            found = proof.run(size, lambda done, total: bar.update(job, completed=done, total=total))
    return {"id": name, "size": size, "seconds": round(time.monotonic() - started, 1), **found}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="bin/prove",
        description="Measure one of the figures the product is held to, at full size, on throw-away servers.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("id", nargs="?", help="the figure, such as K2")
    parser.add_argument("--small", action="store_true", help="the size that bin/test runs")
    parser.add_argument("--size", type=int, metavar="N", help="another size; what it counts, the figure's file says")
    parser.add_argument("--list", action="store_true", help="list the figures that can be proved")
    parser.add_argument("--json", action="store_true", help="print one line of JSON")
    parser.add_argument("--begin", type=Path, metavar="FOLDER", help="make the tables that many proofs begin with")
    parser.add_argument("--begun", type=Path, metavar="FOLDER", help="begin with what --begin has made")
    options = parser.parse_args()
    if options.begin:
        begin(options.begin)
        return 0
    known = catalogue()
    if options.list:
        print(json.dumps(known) if options.json else "\n".join(f"{name:<5} {title}" for name, title in known.items()))
        return 0
    if options.size is not None and options.size < 1:
        parser.error("--size is a whole number above 0")
    name = (options.id or "").upper()
    if name not in known:
        problem = f"There is no figure {options.id}." if name else "Which figure?"
        parser.error(f"{problem} There are {', '.join(known)} (bin/prove --list)")

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are stopped and the folder is removed
    found = prove(name, small=options.small, size=options.size, begun=options.begun)
    if options.json:
        print(json.dumps(found))
    else:
        print("\n".join(f"{key}: {value}" for key, value in found.items()))
    return 0 if found["passed"] else 1


if __name__ == "__main__":
    sys.exit(main())
