"""Walking through a site by its links in a real browser, and saying what is wrong with each page."""

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.resources import files
from urllib.parse import parse_qsl, urljoin, urlsplit

from playwright.sync_api import BrowserContext, Page

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}

AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]}

# Reports of the content security policy are kept where the crawler reads them, from the first byte of a page on.
LISTEN = """
window.refusedByPolicy = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.refusedByPolicy.push(`${event.effectiveDirective} refused ${event.blockedURI} ${event.sample}`));
"""
FACTS = """() => ({
  headings: [...document.querySelectorAll("h1")].filter((one) => one.checkVisibility()).length,
  lang: document.documentElement.lang,
  title: document.title.trim(),
  wider: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  refused: window.refusedByPolicy,
  links: [...document.querySelectorAll("a[href]")].map((one) => one.href),
})"""

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
    every: str = ""
    """Pages whose address starts so are all tried with axe: each given address shows another state."""
    pages: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.add_init_script(LISTEN)
        self.page = self.context.new_page()
        self.heard: list[str] = []
        self.page.on("console", lambda message: self.heard.append(message.text) if message.type != "log" else None)
        self.page.on("pageerror", lambda error: self.heard.append(str(error)))

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
        else:
            self.heard.clear()
            self.page.set_viewport_size(PHONE)
            answer = self.page.goto(url)
            assert answer is not None
            found = answer.status
            if found == status:
                return self._judge(path, own_status=status)
        if found != status:
            self.complaints.append(f"{path} as {self.who}: {found}")
        return []

    def _judge(self, path: str, own_status: int) -> list[str]:
        """Say what is wrong with the page that is open, as narrow as a phone; return its links."""
        page = self.page
        facts = page.evaluate(FACTS)
        self.pages.append(path)
        # The browser itself names an address that is answered with 404.
        heard = [words for words in self.heard if f"status of {own_status}" not in words]
        wrong = [*heard, *facts["refused"]]
        if facts["headings"] != 1:
            wrong.append(f"{facts['headings']} first headings")
        if not facts["lang"] or not facts["title"]:
            wrong.append(f"language {facts['lang']!r}, title {facts['title']!r}")
        if facts["wider"] > 0:
            wrong.append(f"{facts['wider']} px wider than a phone")
        kind = template(pattern(page.url))
        if kind not in self.looked or (self.every and kind.startswith(self.every)):
            self.looked.add(kind)
            wrong += self._axe(page)
        self.complaints += [f"{path} as {self.who}: {one}" for one in wrong]
        return facts["links"]

    def _axe(self, page: Page) -> list[str]:
        found = []
        page.evaluate(AXE)
        for size, scheme in ((PHONE, "dark"), (DESK, "light")):
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            result = page.evaluate(
                "rules => axe.run(document, {...rules, preload: false, resultTypes: ['violations']})", RULES
            )
            found += [
                f"{scheme} {size['width']} px: {one['id']}: {one['nodes'][0]['html'][:200]}"
                for one in result["violations"]
            ]
            if page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") > 0:
                found.append(f"wider than {size['width']} px")
        return found
