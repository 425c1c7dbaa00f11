"""Walking through a site by its links in a real browser, and saying what is wrong with each page."""

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urljoin, urlsplit

from playwright.sync_api import BrowserContext

from tests.browser.looking import Look

LINKS = """() => [...document.querySelectorAll("a[href]")].map((one) => one.href)"""

# Not pages: answered with a file, and looked at by their status alone.
FILE = re.compile(r"\.(csv|pdf|png|svg|xlsx)$|/(label|download|photos/[^/]+)/$|/label/\d+/$")
LEAVES = ("/accounts/logout/",)

_VARIABLE = re.compile(
    r"^(\d+|[0-9a-f]{8}-[0-9a-f-]{27}|[A-Z]{1,3}-[\w-]+|[A-Z]?\d{4,}[A-Z]?|[\w-]{20,}|[^a-z_-]+[\w.-]*)$"
)


def pattern(url: str) -> str:
    """The shape of an address: ``/returns/R-2611-ABCDE/?page=2`` and ``…/?page=3`` are one page to look at."""
    parts = urlsplit(url)
    path = "/".join("*" if _VARIABLE.match(part) else part for part in parts.path.split("/"))
    filtered = path.startswith("/dashboard/")  # every mark is a link to its rows: the same page, other rows
    names = sorted({name.split("__")[0] for name, _value in parse_qsl(parts.query)} if not filtered else ())
    return f"{path}?{'&'.join(names)}" if names else path


def template(shape: str) -> str:
    """Patterns drawn by one and the same template: all lists of the admin, all its forms, all its histories."""
    path = shape.partition("?")[0]
    return re.sub(r"^/admin/(oms|returns|refunds|inventory|notifications|reporting)/\w+/", "/admin/…/", path)


@dataclass
class Crawl:
    """One identity's walk. `complaints` names what is wrong, address first; `pages` what was looked at."""

    who: str
    context: BrowserContext
    base: str
    bound: int
    looked: set[str]
    """Templates already tried with axe, by any identity."""
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
            found = self.context.request.get(url).status
            wrong = [f"answered with {found}"] if found != status else []
            links = []
        else:
            wrong = self._look.quickly(url, status=status)
            kind = template(pattern(self.page.url))
            if kind not in self.looked:
                self.looked.add(kind)
                wrong += self._look.closely()
            self.pages.append(path)
            links = self.page.evaluate(LINKS)
        self.complaints += [f"{path} as {self.who}: {one}" for one in wrong]
        return links
