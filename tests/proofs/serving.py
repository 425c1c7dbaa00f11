"""The product's web server, and people who use it, for the proofs that need nothing more of a shop."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx

CSRF = "k" * 32  # a browser's own: the server only compares cookie and field


@contextmanager
def web(*, threads: int = 8) -> Iterator[str]:
    """Two server processes on a free port; yields their address."""
    from tests.processes import child_environment

    command = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--host",
        "127.0.0.1",
        "--port",
        str(_free_port()),
    ]
    command += ["--workers", "2", "--blocking-threads", str(threads), "--backlog", "1024", "oms.wsgi:application"]
    server = subprocess.Popen(
        command, env=child_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    address = f"http://127.0.0.1:{command[command.index('--port') + 1]}"
    try:
        with httpx.Client(transport=httpx.HTTPTransport(retries=12)) as client:  # 0, 0.5, 1, 2, 4 … seconds apart
            client.get(f"{address}/healthz", timeout=30).raise_for_status()
        yield address
    finally:
        server.terminate()
        server.wait(20)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def staff_cookies(role: str) -> dict[str, str]:
    """Cookies of a member of staff who has logged in with a second factor."""
    from tests.staff import staff_client

    return {"sessionid": staff_client(role).cookies["sessionid"].value, "csrftoken": CSRF}


def a_draft(order: Any, *, quantity: int = 1, condition: str = "opened") -> Any:
    """What the customer's first two screens leave behind: one line chosen and the reason given."""
    from django.utils import timezone

    from returns.models import ReturnDraft

    now = timezone.now()
    answer = {"quantity": quantity, "reason": "changed_mind", "condition": condition}
    lines = {str(order.lines.get().pk): answer}
    return ReturnDraft.objects.create(order=order, answers={"lines": lines}, note="{}", created_at=now, updated_at=now)


def a_delivered_order(**what: Any) -> Any:
    """An order of one line, delivered two days ago and paid by card."""
    from django.utils import timezone

    from tests.builders import an_order

    now = timezone.now()
    when = {"placed_at": now - timedelta(days=5), "shipped_at": now - timedelta(days=4)}
    return an_order(**when, delivered_at=now - timedelta(days=2), provider_id=f"pi_{uuid4().hex}", **what)


def agreed_to(address: str, draft: Any) -> dict[str, str]:
    """The form of the customer's last screen, with the amount the shop offers, as anybody sends it who chose alike."""
    from oms.demo.browser import Browser

    with Browser(address) as customer:
        form = customer.get(f"/return/{draft.ref}/resolution/").form(having="confirmed_total")
    # Which lines were chosen is each draft's own: another's would be refused as chosen anew meanwhile.
    fields = {name: value for name, value in form.fields if name != "chosen"}
    return fields | {"csrfmiddlewaretoken": CSRF}
