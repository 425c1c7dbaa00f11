"""The runner behind `bin/test`: every check as a named, timed step."""

import argparse
import base64
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
HELP = """Run every check: lint, format, types, layers, migrations, deployment checks and all tests.

Each step prints its time; all of them run, whatever fails. The last line counts what was not run. With CI=true it
installs the missing pieces it may (Chromium and Pango through apt-get) and whatever is left out fails the run."""
EXAMPLE = """examples:
  bin/test                        everything (a few minutes)
  bin/test --quick                what fits in a minute: rules, arithmetic, verbs, journeys
  bin/test -- tests/oms -k money  only these tests, after the other steps
  bin/test --only pytest -- tests/journeys

exit codes: 0 all passed, 1 something failed, 2 wrong usage"""
# What a production installation would set; the deployment checks must then have nothing to say.
PRODUCTION = {
    "HOMEWARD_PRODUCTION": "1",
    "PUBLIC_URL": "https://returns.example.com",
    "ALLOWED_HOSTS": "returns.example.com",
    "DATABASE_URL": "postgres://homeward:not-used@database.example.com/homeward",
    "REDIS_URL": "redis://broker.example.com/0",
    "EMAIL_URL": "smtp://mail.example.com:25",
    "STRIPE_API_KEY": "sk_live_not_used",
    "EASYPOST_API_KEY": "EZAK_not_used",
}
# The rules of the house, the arithmetic, the verbs and the journeys: what a small change most likely breaks.
QUICK = (
    "tests/architecture/test_events.py",
    "tests/architecture/test_layers.py",
    "tests/architecture/test_states.py",
    "tests/journeys",
    "tests/oms/test_money.py",
    "tests/oms/test_orders.py",
    "tests/oms/test_outbox.py",
    "tests/refunds/test_amounts.py",
    "tests/refunds/test_tenders.py",
    "tests/returns/policy",
    "tests/returns/test_lifecycle.py",
)
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STARTED: list[subprocess.Popen[bytes]] = []
# Compiled once, not by each of the processes that begin at the same time.
SOURCES = ("oms", "inventory", "returns", "refunds", "notifications", "reporting")
# By preference (see tests/browser/conftest.py).
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
PRODUCTION_KEYS = ("SECRET_KEY", "HOMEWARD_INDEX_KEY", "HOMEWARD_CHAIN_KEY")
PRODUCTION_SECRETS = ("STRIPE_WEBHOOK_SECRET", "EASYPOST_WEBHOOK_SECRET")


@dataclass
class Step:
    name: str
    command: list[str]
    quick: bool = True
    environment: dict[str, str] = field(default_factory=dict)
    shown: bool = False  # as it comes, not only after a failure
    tables: bool = False  # begins with a copy of the tables, which are made while the other steps run
    beside: bool = False  # begins with the first of its kind, needing tables or not, and is waited for at the end


def fresh_key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


def steps(tests: list[str], *, quick: bool, folder: Path) -> list[Step]:
    """`folder` takes what they leave for each other: tables, data of the tests, results."""
    results, begun = folder / "results.xml", folder / "begun"
    production = PRODUCTION | {name: fresh_key() for name in (*PRODUCTION_KEYS, *PRODUCTION_SECRETS)}
    production["SECRET_KEY"] = fresh_key() + fresh_key()
    production["HOMEWARD_MASTER_KEYS"] = f"1:{fresh_key()}"
    pytest = [PYTHON, "-m", "pytest", "-q", "-rs", "-o", "junit_family=xunit2", f"--junitxml={results}"]
    # As many as there are cores: more of them spoil each other's caches. Proofs run at the same time.
    beside = ["-n", "2", "--dist", "worksteal"]
    few = [*QUICK, "-m", "not slow"] if quick and not tests else []
    # Proofs wait for clocks to run out, so they run beside everything else; no verdict of theirs is about speed.
    proofs = [*pytest[:-1], f"--junitxml={results}.proofs", "tests/proofs/test_proofs.py"]
    own = {"HOMEWARD_BEGUN": str(begun), "HOMEWARD_DATA": str(folder / "data")}
    every = [
        Step("tables", [PYTHON, "-m", "tests.proofs", "--begin", str(begun)], beside=True),
        Step("lint", [PYTHON, "-m", "ruff", "check", "."]),
        Step("format", [PYTHON, "-m", "ruff", "format", "--check", "."]),
        Step("templates", [PYTHON, "-m", "djlint", "templates", "--lint", "--quiet"], quick=False, beside=True),
        Step("types", [PYTHON, "-m", "mypy"], quick=False, beside=True),
        Step("layers", [PYTHON, "-c", "from importlinter.cli import lint_imports_command as run; run()"], beside=True),
        Step("migrations", [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"]),
        Step("deployment", [PYTHON, "manage.py", "check", "--deploy", "--fail-level=WARNING"], environment=production),
    ]
    if not tests:
        every.append(Step("proofs", proofs, quick=False, environment=own, tables=True, beside=True))
    most = [*pytest, *beside, *(few or tests or ["tests"]), "--ignore=tests/proofs/test_proofs.py"]
    return [*every, Step("pytest", most, environment=own, tables=True, shown=True)]


def start(step: Step) -> subprocess.Popen[bytes]:
    """In a group of its own, which can be ended with everything it has started."""
    hidden = {} if step.shown else {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    environment = os.environ | step.environment
    STARTED.append(subprocess.Popen(step.command, cwd=ROOT, env=environment, start_new_session=True, **hidden))
    return STARTED[-1]


def end_all() -> None:
    """End what still runs: as Ctrl-C would, so that each puts away what it holds, and then for sure."""
    for number, patience in ((signal.SIGINT, 20.0), (signal.SIGKILL, 5.0)):
        until = time.monotonic() + patience
        for process in [one for one in STARTED if one.poll() is None]:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)
        for process in STARTED:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, until - time.monotonic()))


def leave(number: int, _frame: object) -> None:
    """Ctrl-C, a closed terminal, or somebody who asks this process to end."""
    for one in ENDINGS:
        signal.signal(one, signal.SIG_IGN)
    sys.exit(128 + number)


def run_all(chosen: list[Step]) -> list[str]:
    """Run them in their order, those beside others meanwhile; return the names of those that failed."""
    failed: list[str] = []
    for group in ([step for step in chosen if not step.tables], [step for step in chosen if step.tables]):
        under_way = {step.name: start(step) for step in group if step.beside}
        in_order = sorted(group, key=lambda step: step.beside)  # what runs beside is waited for at the end
        failed += [step.name for step in in_order if not run(step, under_way.get(step.name))]
    return failed


def run(step: Step, under_way: subprocess.Popen[bytes] | None = None) -> bool:
    """Run one step, or wait for it; what it says is shown as it comes, or only after a failure."""
    print(f"── {step.name}", end="\n" if step.shown else " … ", flush=True)
    started = time.monotonic()
    process = under_way or start(step)
    said, _nothing = process.communicate()
    seconds = time.monotonic() - started
    verdict = "ok" if process.returncode == 0 else f"FAILED (exit code {process.returncode})"
    more = " more" if under_way else ""
    print(f"── {step.name}: {verdict}, {seconds:.1f} s" if step.shown else f"{verdict}, {seconds:.1f} s{more}")
    if process.returncode and said:
        print(said.decode(errors="replace"))
    return process.returncode == 0


def skipped(folder: Path) -> Counter[str]:
    """Return reason → number of tests that were skipped for it."""
    found = [ElementTree.parse(path) for path in folder.glob("results.xml*")]
    return Counter(skip.get("message", "no reason given") for tree in found for skip in tree.iter("skipped"))


def install_missing() -> None:
    """With CI=true only: Chromium for the browser tests and Pango for PDFs, where apt-get and the right are there."""
    wanted = []
    if not shutil.which(BROWSERS[0]):
        wanted.append([BROWSERS[0], "fonts-dejavu-core"])
    if subprocess.run([PYTHON, "-c", "import weasyprint"], capture_output=True, check=False).returncode:
        wanted.append(["libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0"])
    if not wanted or shutil.which("apt-get") is None:
        return
    apt_get("update")
    for packages in wanted:
        apt_get("install", "-y", "--no-install-recommends", *packages)
    if not any(map(shutil.which, BROWSERS)):  # the first has a package of its own only where Debian made it
        apt_get("install", "-y", "--no-install-recommends", BROWSERS[1], "fonts-dejavu-core")


def apt_get(what: str, *words: str) -> None:
    rights = [] if os.geteuid() == 0 else ["sudo", "-n"]
    print(f"── apt-get {' '.join([what, *words])}", flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    command = [*rights, "apt-get", what, "-q", *words]
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="bin/test", description=HELP, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="the subset that fits in a minute")
    parser.add_argument("--only", metavar="STEP", action="append", default=[], help="run this step alone (repeatable)")
    parser.add_argument("tests", nargs="*", metavar="TEST", help="what pytest is to run; put -- before its options")
    options = parser.parse_args()
    in_ci = os.environ.get("CI", "").lower() in ("true", "1")
    if hasattr(os, "SCHED_BATCH"):  # longer turns on a processor: more work is under way than there are processors
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    for number in ENDINGS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup stays nohup
            signal.signal(number, leave)
    if in_ci:
        install_missing()

    # Servers that are still ending may write while their folder is removed.
    with tempfile.TemporaryDirectory(prefix="homeward-test-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL refuses root and walks through it as somebody else
        every = steps(options.tests, quick=options.quick, folder=folder)
        unknown = set(options.only) - {step.name for step in every}
        if unknown:
            parser.error(f"no step {', '.join(sorted(unknown))}; there are {', '.join(step.name for step in every)}")
        chosen = [s for s in every if (s.name in options.only if options.only else s.quick or not options.quick)]
        if any(step.tables for step in chosen) and every[0] not in chosen:
            chosen.insert(0, every[0])
        started = time.monotonic()
        subprocess.run([PYTHON, "-m", "compileall", "-q", "-j", "2", *SOURCES], cwd=ROOT, check=False)
        try:
            failed = run_all(chosen)
        finally:
            end_all()
        reasons = skipped(folder)

    left_out = [step.name for step in every if step not in chosen]
    for reason, number in reasons.most_common():
        print(f"not run: {number} × {reason}")
    print(f"{len(chosen) - len(failed)} of {len(chosen)} steps passed in {time.monotonic() - started:.0f} s", end="")
    print(f"; failed: {', '.join(failed)}" if failed else "")
    words = [f"{reasons.total()} tests"] + [f"the step {name}" for name in left_out]
    if options.quick and not options.tests:
        words.append("most tests: --quick runs the rules of the house, the arithmetic, the verbs and the journeys")
    if in_ci and reasons:
        print("CI leaves nothing out: the skipped tests above make this run fail.")
    print(f"Not run: {', '.join(words)}.")
    return 1 if failed or (in_ci and reasons.total()) else 0


if __name__ == "__main__":
    sys.exit(main())
