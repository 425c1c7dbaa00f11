"""What people do with a return, page by page over real HTTP: used by the walk, the proofs and the bench."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from oms.demo.browser import Browser, Lost, Page, certificates
from oms.demo.people import code_to_enter

PATIENCE = 60.0  # seconds to wait for what workers do


@dataclass(frozen=True)
class Asked:
    """A return just asked for: its number, its page, and what was promised."""

    number: str
    url: str
    quoted: str


def wait_for[Found](
    what: Callable[[], Found | None], words: str, patience: float = PATIENCE, every: float = 0.05
) -> Found:
    """Ask again, `every` so many seconds, until there is an answer. Raises Lost after `patience` seconds."""
    until = time.monotonic() + patience
    while True:
        found = what()
        if found:
            return found
        if time.monotonic() > until:
            raise Lost(f"waited {patience:.0f} s for {words}")
        time.sleep(every)


# ── The customer ──────────────────────────────────────────────────────────────────────────────────────────────────


def ask_for_return(
    customer: Browser,
    order: str,
    proof: str,
    *,
    quantity: int = 1,
    reason: str = "changed_mind",
    condition: str = "opened",
    line: str = "",
) -> Asked:
    """Find the order, choose one line, see the amount, confirm."""
    page = find_order(customer, order, proof)
    page = choose(customer, page, quantity=quantity, reason=reason, condition=condition, line=line)
    return confirm(customer, page)


def find_order(customer: Browser, order: str, proof: str) -> Page:
    page = customer.get("/")
    return customer.submit(page, page.form(having="proof"), number=order, proof=proof)


def choose(customer: Browser, page: Page, *, quantity: int, reason: str, condition: str, line: str = "") -> Page:
    """Tick the line and say why; a long order asks for the details on a page of their own."""
    form = page.form(having="line")
    offered = form.choices.get("line") or [value for name, value in form.fields if name == "line"]
    chosen = line or offered[0]
    answers = {
        f"l{chosen}-quantity": str(quantity),
        f"l{chosen}-reason": reason,
        f"l{chosen}-condition": condition,
    }
    if form.has(f"l{chosen}-reason"):
        return customer.submit(page, form, button="See what you get", line=chosen, **answers)
    page = customer.submit(page, form, button="Say why", line=chosen)
    return customer.submit(page, page.form(having=f"l{chosen}-reason"), button="See what you get", **answers)


def confirm(customer: Browser, page: Page) -> Asked:
    form = page.form(having="confirmed_total")
    quoted = dict(form.fields)["confirmed_total"]
    done = customer.submit(page, form)
    found = re.search(r"/r/([^/]+)/", urlsplit(done.url).path)
    if found is None:
        raise Lost(f"confirming led to {done.url}")
    return Asked(found.group(1), done.url, quoted)


def wait_for_label(customer: Browser, asked: Asked) -> str:
    """Reload the return's page until it offers the carrier's label; return the label's address."""

    def label() -> str | None:
        page = customer.get(asked.url)
        return next((page.link(href) for href, _words in page.links if href.endswith("/label/")), None)

    return wait_for(label, "the label")


# ── The staff ─────────────────────────────────────────────────────────────────────────────────────────────────────


def sign_in(base_url: str, person: Mapping[str, str]) -> Browser:
    """Log in with password and one-time code."""
    staff = Browser(base_url)
    page = staff.get("/accounts/login/")
    page = staff.submit(page, page.form(having="password"), login=person["email"], password=person["password"])
    staff.submit(page, page.form(having="code"), code=code_to_enter(person["totp_secret"]))
    return staff


def receive_all(dock: Browser, scanned: str) -> Page:
    """Scan the parcel (or the return's number), then book in everything that was announced."""
    page = dock.get("/admin/scan/")
    page = dock.submit(page, page.form(having="code"), code=scanned)
    return dock.submit(page, page.form(button="All of it is here"))


def inspect_all(dock: Browser, number: str, *, condition: str = "opened") -> Page:
    """Write down one condition for every piece that waits, as suggested otherwise."""
    page = dock.get(f"/admin/inspection/{number}/")
    while any(form.has("condition") for form in page.forms):
        page = dock.submit(page, page.form(having="condition"), condition=condition)
    return page


# ── The carrier ───────────────────────────────────────────────────────────────────────────────────────────────────


def scan_parcel(sandbox_url: str, tracking_number: str, status: str) -> None:
    """Let the stand-in for the carrier scan a parcel; its webhook follows."""
    told = httpx.post(
        f"{sandbox_url}/_sandbox/trackers/{tracking_number}",
        json={"status": status},
        timeout=30,
        trust_env=False,
        verify=certificates(),
    )
    told.raise_for_status()
