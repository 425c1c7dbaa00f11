"""Looking at a page as everybody sees it: on a phone and on a desk, by day and by night, from one load of the page.

with staff_tab(chromium, live_server, Role.AGENT) as page:
    faults = Look(page).at("/returns/")      [] or sentences
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

from playwright.sync_api import Browser, Page

from tests.staff import staff_client

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}

_AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
# Only what is asked for is sent back: the full answer of axe takes longer to read than to find. The rows of a table are
# of one template, so the first ones stand for all. A frame is another site's to axe, which is not loaded there.
_RUN = """async (only) => {
  const where = {exclude: [["tbody tr:nth-child(n+8)"]]};
  const off = only.filter((rule) => rule.startsWith("-")).map((rule) => [rule.slice(1), {enabled: false}]);
  const runOnly = only.filter((rule) => !rule.startsWith("-")), rules = Object.fromEntries(off);
  const found = await axe.run(where, {runOnly, rules, preload: false, iframes: false, resultTypes: ["violations"]});
  return found.violations.map((one) => `${one.id}: ${one.nodes[0].html.slice(0, 200)}`);
}"""
# Every rule once, and once more what depends on how a page is drawn, at the other width and in the other light. The
# crawl looks the other way around.
_DRAWN = ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size"]
DAY_AND_NIGHT = ((PHONE, "light", _TAGS), (DESK, "dark", _DRAWN))
NIGHT_AND_DAY = ((PHONE, "dark", _DRAWN), (DESK, "light", _TAGS))
# What another page of the same template may get wrong: names, labels, order, sizes.
ALL_BUT_COLORS = ((PHONE, "light", [*_TAGS, "-color-contrast"]),)

# Reports of the content security policy are kept where they can be read, from the first byte of a page on.
_LISTEN = """
window.refusedByPolicy = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.refusedByPolicy.push(`${event.effectiveDirective} refused ${event.blockedURI} ${event.sample}`));
"""
_FACTS = """() => ({
  headings: [...document.querySelectorAll("h1")].filter((one) => one.checkVisibility()).length,
  lang: document.documentElement.lang,
  title: document.title.trim(),
  refused: window.refusedByPolicy,
})"""
# Nothing, or what makes the page wider than its window.
_WIDER = """() => {
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= room) return "";
  const over = [...document.body.querySelectorAll("*")].filter((one) => one.getBoundingClientRect().right > room + 0.5);
  return `wider than ${room} px: ${over.slice(-1)[0]?.outerHTML.slice(0, 120)}`;
}"""


@contextmanager
def staff_tab(chromium: Browser, live_server: Any, role: str, **how: Any) -> Iterator[Page]:
    """A tab in which the person of this role has logged in."""
    context = chromium.new_context(base_url=live_server.url, reduced_motion="reduce", **how)
    cookie = staff_client(role).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
    try:
        yield context.new_page()
    finally:
        context.close()


class Look:
    """What is wrong with pages opened in this tab: the browser's complaints, width, headings, accessibility."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._heard: list[str] = []
        self._expected = ""
        page.context.add_init_script(_LISTEN)
        page.context.add_init_script(_AXE)  # sent once, not with every page
        page.on("console", lambda said: self._heard.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self._heard.append(str(error)))

    def at(self, path: str, *, status: int = 200) -> list[str]:
        """Open the page, which is answered with `status`, and look at it."""
        return [f"{path}: {fault}" for fault in (*self.quickly(path, status=status), *self.closely())]

    def quickly(self, path: str, *, status: int = 200) -> list[str]:
        """Open the page on a phone; everything but axe."""
        self._heard.clear()
        # The browser itself names an address that is answered with an error.
        self._expected = "" if status == 200 else f"status of {status}"
        self.page.set_viewport_size(PHONE)
        answer = self.page.goto(path)
        if answer is None or answer.status != status:
            return [f"answered with {answer and answer.status}"]
        facts = self.page.evaluate(_FACTS)
        faults = [*self._complaints(), *facts["refused"]]
        if facts["headings"] != 1:
            faults.append(f"{facts['headings']} first headings")
        if not facts["lang"] or not facts["title"]:
            faults.append(f"language {facts['lang']!r}, title {facts['title']!r}")
        return faults + [wide for wide in [self.page.evaluate(_WIDER)] if wide]

    def closely(self, looks: Iterable[tuple[dict[str, int], str, list[str]]] = DAY_AND_NIGHT) -> list[str]:
        """Look at the page that is open with axe, at both widths and by day and by night."""
        page, faults = self.page, []
        for size, scheme, rules in looks:
            if page.viewport_size != size:
                page.set_viewport_size(size)
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            faults += [f"{scheme}, {size['width']} px: {fault}" for fault in page.evaluate(_RUN, rules)]
            faults += [wide for wide in [page.evaluate(_WIDER)] if wide]
        return faults + self._complaints()

    def _complaints(self) -> list[str]:
        heard = [words for words in self._heard if not self._expected or self._expected not in words]
        self._heard.clear()
        return heard
