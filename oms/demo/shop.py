"""A whole shop on one machine: servers, tables, data, web, worker, beat and the vendors' stand-ins."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
from django.conf import settings
from django.core.management import call_command
from django.core.management.commands.migrate import Command as Migrate
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from oms import embedded, rendering, tasks
from oms.celery import app
from oms.demo import guard, ports
from oms.demo.processes import DemoError, Part, Supervisor
from oms.embedded import keeper

PROJECT = Path(__file__).resolve().parent.parent.parent
WORKER = "demo@homeward"
WATCH_EVERY = 0.5  # seconds


class Shop:
    def __init__(self, *, throw_away: bool, said: Console) -> None:
        self.data = embedded.data_dir()
        self.throw_away = throw_away
        self.said = said  # standard error: progress only
        self.supervisor = Supervisor(self.data / "log")
        self.web_port = self.sandbox_port = 0

    @property
    def web_url(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def sandbox_url(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}"

    @contextmanager
    def running(self, *, fresh: bool) -> Iterator["Shop"]:
        """Start everything, hand over the running shop, and stop everything whatever happens."""
        with self._alone():
            self._start_servers(fresh=fresh)
            try:
                with self.supervisor:
                    known = ports.remembered(self.data)
                    self.web_port = self._web_port(known)  # not taken yet, but what links in seeded mails begin with
                    self._prepare_tables()
                    self._collect_static_files()
                    with ports.choosing():
                        self.web_port = self._web_port(known)
                        self._start_parts(known.get("sandbox", 0))
                    ports.remember(self.data, {"web": self.web_port, "sandbox": self.sandbox_port})
                    yield self
            finally:
                connection.close()
                app.close()
                rendering.socket_path().unlink(missing_ok=True)  # the process that draws ends with its socket
                with self._step("stopping"):
                    embedded.release(wait=15)

    def watch(self) -> None:
        """Keep everything alive until interrupted: parts that died are started again, servers revived."""
        while True:
            time.sleep(WATCH_EVERY)
            self._use_servers()
            for part in self.supervisor.dead():
                self.said.print(f"[yellow]The {part.name} ended by itself; starting it again.[/]")
                self.supervisor.revive(part)

    # ── in the order of a start ──

    @contextmanager
    def _alone(self) -> Iterator[None]:
        folder = embedded.make_data_dir()
        held = keeper.lock(folder / "demo.lock", wait=False)
        if held is None:
            port = ports.remembered(folder).get("web")
            where = f" at http://127.0.0.1:{port}" if port else ""
            raise DemoError(f"A demo already runs on {folder}{where}. Stop it, or set HOMEWARD_DATA to another folder.")
        try:
            yield
        finally:
            os.close(held)

    def _use_servers(self) -> None:
        if settings.DATABASES["default"]["EMBEDDED"]:
            embedded.postgres()
        if embedded.valkey_url() == settings.REDIS_URL:
            embedded.valkey()

    def _start_servers(self, *, fresh: bool) -> None:
        own = settings.DATABASES["default"]["EMBEDDED"]
        half_done = (self.data / "seeding").exists()
        if fresh or half_done:
            if not own:
                raise DemoError("DATABASE_URL is set: the demo starts over only on its own database. Unset it.")
            if half_done and not fresh:
                self.said.print("The last start was cut short while the shop was being filled; starting over.")
            embedded.erase(keep={"demo.lock", "secrets.json", "secrets.lock", "ports.json"})
        with self._step("starting PostgreSQL and Valkey"):
            self._use_servers()

    def _prepare_tables(self) -> None:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        applied = {app for app, _name in executor.loader.applied_migrations}
        if applied and "oms" not in applied:
            raise DemoError("The database that DATABASE_URL names is in use by another program; name an empty one.")
        if plan:
            with self._bar("making tables", len(plan)) as advance:
                command = Migrate()

                def note(action: str, *_: Any) -> None:
                    if action == "apply_success":
                        advance()

                command.migration_progress_callback = note  # type: ignore[method-assign]
                call_command(command, interactive=False, verbosity=0)
        if not (self.data / "demo.json").exists():
            self._seed()

    def _seed(self) -> None:
        """Fill the shop in a process of its own, whose progress goes to this terminal."""
        unfinished = self.data / "seeding"
        unfinished.touch()
        part = [sys.executable, "-I", guard.__file__, "run", sys.executable, str(PROJECT / "manage.py"), "seed_demo"]
        if self.throw_away:
            part += ["--returns", "0"]  # the walk makes its own
        process = subprocess.Popen(part, stdout=subprocess.DEVNULL, env=self._environment(), start_new_session=True)
        try:
            if process.wait():
                raise DemoError("The shop could not be filled with orders and returns; what went wrong stands above.")
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
        unfinished.unlink()

    def _collect_static_files(self) -> None:
        newest = max(path.stat().st_mtime for path in (PROJECT / "static").rglob("*"))
        stamp = Path(settings.STATIC_ROOT) / "staticfiles.json"
        if not stamp.exists() or stamp.stat().st_mtime < newest:
            with self._step("collecting stylesheets and scripts"):
                call_command("collectstatic", interactive=False, verbosity=0)

    def _start_parts(self, sandbox_port: int) -> None:
        sandbox = self._sandbox(sandbox_port if sandbox_port and ports.is_free(sandbox_port) else 0)
        self.supervisor.start(sandbox)
        self.supervisor.wait_until_ready(sandbox)
        self._tell_sandbox()
        # From now on it keeps its port, also when it is started again.
        sandbox.command[sandbox.command.index("--port") + 1] = str(self.sandbox_port)
        rest = [self._web(), self._worker(), self._beat()]
        for part in rest:
            self.supervisor.start(part)
        with self._bar("starting web, worker and beat", len(rest)) as advance:
            self.supervisor.wait_until_ready(*rest, progress=lambda part: advance())
        tasks.send_heartbeats()  # beat's first round comes ten seconds later

    def _tell_sandbox(self) -> None:
        """Let the stand-in for the vendors know what happened before it existed; telling it again changes nothing."""
        charges, history = self.data / "sandbox-payments.json", self.data / "sandbox-history.json"
        labels = self.data / "sandbox-labels.json"
        if labels.exists():
            self._tell("labels", json.loads(labels.read_text()))
        if charges.exists():
            self._tell("payments", json.loads(charges.read_text()))
        if history.exists():
            known = json.loads(history.read_text())
            self._tell("history", known["refunds"])
            for payout, amount in known["payouts"].items():
                self._tell(f"payouts/{payout}", {"amount": amount})

    def _tell(self, control: str, body: Any) -> None:
        told = httpx.post(f"{self.sandbox_url}/_sandbox/{control}", json=body, timeout=30, trust_env=False)
        told.raise_for_status()

    def _web_port(self, known: dict[str, int]) -> int:
        return ports.any_free() if self.throw_away else ports.next_free(self.web_port or known.get("web"))

    # ── the parts ──

    def _environment(self) -> dict[str, str]:
        """Ours, whatever else this terminal is used for: nobody gets a mail, and no proxy stands between the parts."""
        changed = {"HOMEWARD_DATA": str(self.data), "ALLOWED_HOSTS": "localhost,127.0.0.1", "EMAIL_URL": ""}
        changed |= dict.fromkeys(("NO_PROXY", "no_proxy"), "localhost,127.0.0.1")
        if self.web_port:
            changed["PUBLIC_URL"] = self.web_url
        if self.sandbox_port:
            changed |= {"STRIPE_API_BASE": self.sandbox_url, "EASYPOST_API_BASE": f"{self.sandbox_url}/v2"}
            changed |= {"PAYPAL_API_BASE": f"{self.sandbox_url}/paypal", "PAYPAL_WEBHOOK_ID": "WHSANDBOX"}
        return os.environ | changed

    def _part(self, name: str, command: list[str], is_ready: Any) -> Part:
        return Part(name, [sys.executable, *command], is_ready, environment=self._environment())

    def _sandbox(self, port: int) -> Part:
        own = ["--host", "127.0.0.1", "--port", str(port), "--data", str(self.data / "sandbox")]
        stripe = ["--stripe-webhook", f"{self.web_url}/webhooks/stripe/"]
        # What the endpoint is subscribed to at Stripe; the older names for the same news are understood but not needed.
        kinds = ("refund.created", "refund.updated", "refund.failed")
        kinds += ("charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed")
        kinds += ("checkout.session.completed", "checkout.session.expired")
        stripe += ["--stripe-events", ",".join(kinds)]
        easypost = ["--easypost-webhook", f"{self.web_url}/webhooks/easypost/"]
        easypost += ["--paypal-webhook", f"{self.web_url}/webhooks/paypal/", "--paypal-webhook-id", "WHSANDBOX"]
        # With "=", because a secret may begin with a dash.
        signing = [f"--stripe-secret={settings.STRIPE_WEBHOOK_SECRET}"]
        signing += [f"--easypost-secret={settings.EASYPOST_WEBHOOK_SECRET}"]
        program = str(PROJECT / "oms" / "sandbox" / "__main__.py")
        return self._part("sandbox", [program, *own, *stripe, *easypost, *signing], self._sandbox_listens)

    def _sandbox_listens(self) -> bool:
        if not self.sandbox_port:
            for line in (self.supervisor.logs / "sandbox.log").read_text(errors="replace").splitlines():
                with suppress(ValueError, TypeError, KeyError):
                    self.sandbox_port = int(json.loads(line)["port"])
        if not self.sandbox_port:
            return False
        with socket.socket() as caller:
            return caller.connect_ex(("127.0.0.1", self.sandbox_port)) == 0

    def _web(self) -> Part:
        where = ["--host", "127.0.0.1", "--port", str(self.web_port)]
        shape = ["--interface", "wsgi", "--workers", "2", "--blocking-threads", "4", "--no-ws"]
        steady = ["--respawn-failed-workers", "--workers-kill-timeout", "5", "--log-level", "warning"]
        return self._part("web", ["-m", "granian", *where, *shape, *steady, "oms.wsgi:application"], self._web_answers)

    def _web_answers(self) -> bool:
        try:
            return httpx.get(f"{self.web_url}/healthz", timeout=2, trust_env=False).json() == {"status": "ok"}
        except (httpx.HTTPError, ValueError):
            return False

    def _worker(self) -> Part:
        shape = ["-Q", ",".join(settings.QUEUES), "-c", "2", "-n", WORKER, "--without-gossip", "--without-mingle"]
        return self._part(
            "worker", ["-m", "celery", "-A", "oms", "worker", *shape, "-l", "WARNING"], self._worker_answers
        )

    def _worker_answers(self) -> bool:
        return bool(app.control.ping(destination=[WORKER], timeout=0.5))

    def _beat(self) -> Part:
        schedule = str(self.data / "beat-schedule")
        command = ["-m", "celery", "-A", "oms", "beat", "-s", schedule, "--pidfile", "", "-l", "WARNING"]
        # It writes its timetable as soon as it runs.
        return self._part("beat", command, lambda: any(self.data.glob("beat-schedule*")))

    # ── progress ──

    @contextmanager
    def _step(self, words: str) -> Iterator[None]:
        with self.said.status(words):
            yield

    @contextmanager
    def _bar(self, words: str, total: int) -> Iterator[Any]:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self.said, transient=False) as progress:
            job = progress.add_task(words, total=total)
            yield lambda: progress.advance(job)
