"""Walking through a site by its links in a real browser, and saying what is wrong with each page."""

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import parse_qsl, urljoin, urlsplit

from playwright.sync_api import BrowserContext

from tests.browser.looking import ALL_BUT_COLORS, NIGHT_AND_DAY, Look

LINKS = """() => [...document.querySelectorAll("a[href]")].map((one) => one.href)"""
LINK = re.compile(r"<a\s[^>]*?href=\"([^\"]*)\"")
HEADING = re.compile(r"<h1[\s>]")

# Not pages: answered with a file, and looked at by their status alone.
FILE = re.compile(r"\.(csv|pdf|png|svg|xlsx)$|/(label|download|photos/[^/]+)/$|/label/\d+/(\w+/)?$")
LEAVES = ("/accounts/logout/",)

_VARIABLE = re.compile(
    r"^(\d+|[0-9a-f]{8}-[0-9a-f-]{27}|[A-Z]{1,3}-[\w-]+|[A-Z]?\d{4,}[A-Z]?|[\w-]{20,}|[^a-z_-]+[\w.-]*)$"
)


def pattern(url: str) -> str:
    """The shape of an address: ``/returns/R-2611-ABCDE/?page=2`` and ``…/?page=3`` are one page to look at."""
    parts = urlsplit(url)
    path = "/".join("*" if _VARIABLE.match(part) else part for part in parts.path.split("/"))
    if path.startswith("/dashboard/") or not parts.query:  # every mark is a link to its rows: the same page, other rows
        return path
    if path.startswith("/admin/"):  # its own filters, sortings and pages
        return f"{path}?…"
    return f"{path}?{'&'.join(sorted({name.split('__')[0] for name, _value in parse_qsl(parts.query)}))}"


def template(shape: str) -> str:
    """Patterns drawn by one and the same template: all lists of the admin, all its forms, all its histories."""
    return re.sub(r"^/admin/[a-z]+/[a-z]+/", "/admin/…/", shape.partition("?")[0])


def page_of(shape: str) -> str:
    """Patterns that are one page to look at: as `template`, but each kind of record has its own list and form."""
    path = shape.partition("?")[0]
    if path.endswith(("/history/", "/delete/")):
        return template(shape)
    return re.sub(r"^(/admin/[a-z]+/[a-z]+/)(add|[^/]+/change)/$", r"\1form/", path)


@dataclass
class Crawl:
    """One identity's walk. `complaints` names what is wrong, address first; `pages` what was looked at."""

    who: str
    context: BrowserContext
    base: str
    bound: int
    looked: set[str]
    """Templates and pages already tried with axe, by any identity."""
    known: tuple[str, ...] = ()
    """Addresses that start so are the same for every member of staff: looked at once, by whoever comes first."""
    pages: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page = self.context.new_page()
        self._look = Look(self.page)

    def walk(self, start: Iterable[str]) -> None:
        """Breadth first from `start`, each pattern once, the admin's records after all other pages."""
        near, far = deque(urljoin(self.base, path) for path in start), deque[str]()
        seen = {pattern(url) for url in near}
        while (near or far) and len(self.pages) < self.bound:
            for link in self._visit(near.popleft() if near else far.popleft()):
                address = link.partition("#")[0]
                shape = pattern(address)
                if not address.startswith(self.base) or shape.startswith(LEAVES):
                    continue
                if shape.startswith(self.known or LEAVES) and template(shape) in self.looked:
                    continue
                if shape not in seen:
                    seen.add(shape)
                    (far if shape.startswith("/admin/") else near).append(address)

    def refused(self, path: str, status: int) -> list[str]:
        """Open an address that is answered with `status` in our words; returns where one can go from there."""
        return [link for link in self._visit(urljoin(self.base, path), status) if link.startswith(self.base)]

    def _visit(self, url: str, status: int = 200) -> list[str]:
        path = url.removeprefix(self.base)
        if FILE.search(urlsplit(url).path):
            wrong, links = self._fetch(url, status), []
        elif {page_of(shape := pattern(url)), template(shape)} <= self.looked:
            wrong, links = self._read(url, status)
        else:
            wrong, links = self._see(url, status)
        self.complaints += [f"{path} as {self.who}: {one}" for one in wrong]
        return links

    def _fetch(self, url: str, status: int) -> list[str]:
        found = self.context.request.get(url).status
        return [f"answered with {found}"] if found != status else []

    def _read(self, url: str, status: int) -> tuple[list[str], list[str]]:
        """A page of a template that was seen already: what it answers and where it leads, without a browser."""
        answer = self.context.request.get(url)
        text = answer.text()
        self.pages.append(url)
        wrong = [f"answered with {answer.status}"] if answer.status != status else []
        if len(HEADING.findall(text)) != 1:
            wrong.append("not one first heading")
        return wrong, [urljoin(answer.url, unescape(link)) for link in LINK.findall(text)]

    def _see(self, url: str, status: int) -> tuple[list[str], list[str]]:
        wrong = self._look.quickly(url, status=status)
        shape = pattern(self.page.url)
        if template(shape) not in self.looked:
            wrong += self._look.closely(NIGHT_AND_DAY)
        elif (kind := page_of(shape)) not in self.looked and kind.endswith("/form/"):  # a known template, other fields
            wrong += self._look.closely(ALL_BUT_COLORS)
        self.looked |= {template(shape), page_of(shape), page_of(pattern(url))}
        self.pages.append(url)
        return wrong, self.page.evaluate(LINKS)
