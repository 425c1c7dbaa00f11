"""The runner behind `bin/bench`."""

import argparse
import importlib
import json
import signal
import sys
from typing import Any

from rich.console import Console

from tests.proofs.__main__ import throw_away_servers

MEASUREMENTS = ("calibration", "returns")
EXAMPLES = """examples:
  bin/bench                  everything, a line per number
  bin/bench --json           one line of JSON
  bin/bench --seconds 2      a quick look; the numbers wobble

exit codes: 0 measured, 2 wrong usage, 3 a server would not start"""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="bin/bench",
        description="Measure speed and cost on throw-away servers, beside a calibration of the same run.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seconds", type=float, default=10.0, help="how long each number is measured (default 10)")
    parser.add_argument("--json", action="store_true", help="print one line of JSON")
    options = parser.parse_args()
    if not 1 <= options.seconds <= 600:
        parser.error("--seconds is a number from 1 to 600")

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are stopped and the folder is removed
    found: dict[str, Any] = {}
    said = Console(stderr=True)
    with said.status("starting servers") as status, throw_away_servers(durable=True):
        for name in MEASUREMENTS:
            status.update(f"measuring {name}")
            found |= importlib.import_module(f"tests.bench.{name}").measure(options.seconds)
    if options.json:
        print(json.dumps(found))
    else:
        print("\n".join(f"{key}: {value}" for key, value in found.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
