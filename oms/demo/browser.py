"""A browser without JavaScript: pages, links and forms over real HTTP, for the walk, the proofs and the bench."""

import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin

import httpx


class Lost(Exception):
    """The page is not what a person following these steps would expect."""


@dataclass
class Form:
    """A form with what a browser would send: `fields` as (name, value) pairs, buttons by their words."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    choices: dict[str, list[str]] = field(default_factory=dict)  # what a select, radio or checkbox offers
    files: list[str] = field(default_factory=list)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)  # name, value, words

    def has(self, name: str) -> bool:
        return name in self.choices or any(name == one for one, _value in self.fields)


class _Reader(HTMLParser):
    """Reads forms, links, the title and the words of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[tuple[str, str]] = []
        self.words: list[str] = []
        self._by_id: dict[str, Form] = {}
        self._form: Form | None = None
        self._select: tuple[str, Form] | None = None
        self._chosen = False
        self._area: tuple[str, Form] | None = None
        self._button: list[str] | None = None
        self._button_of: tuple[Form | None, str, str] = (None, "", "")
        self._link: list[str] | None = None
        self._href = ""
        self._silent = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        a = {name: value or "" for name, value in attributes}
        if tag in ("script", "style"):
            self._silent += 1
        elif tag == "form":
            self._form = Form(a.get("action", ""), a.get("method", "get").lower())
            self.forms.append(self._form)
            if "id" in a:
                self._by_id[a["id"]] = self._form
        elif tag == "a" and "href" in a:
            self._link, self._href = [], a["href"]
        elif tag == "option" and self._select:
            self._option(a)
        elif form := self._by_id.get(a.get("form", "")) or self._form:
            self._control(tag, a, form)

    def _control(self, tag: str, a: dict[str, str], form: Form) -> None:
        name, disabled = a.get("name", ""), "disabled" in a
        if tag == "button" and a.get("type", "submit") == "submit":
            self._button, self._button_of = [], (form, name, a.get("value", ""))
        elif disabled or not name:
            return
        elif tag == "select":
            self._select, self._chosen = (name, form), False
            form.choices.setdefault(name, [])
        elif tag == "textarea":
            self._area = (name, form)
            form.fields.append((name, ""))
        elif tag == "input":
            self._input(a, name, form)

    def _input(self, a: dict[str, str], name: str, form: Form) -> None:
        kind = a.get("type", "text")
        if kind == "file":
            form.files.append(name)
        elif kind in ("checkbox", "radio"):
            value = a.get("value", "on")
            form.choices.setdefault(name, []).append(value)
            if "checked" in a:
                form.fields.append((name, value))
        elif kind in ("submit", "image"):
            form.buttons.append((name, a.get("value", ""), a.get("value", "")))
        elif kind not in ("reset", "button"):
            form.fields.append((name, a.get("value", "")))

    def _option(self, a: dict[str, str]) -> None:
        assert self._select is not None
        name, form = self._select
        value = a.get("value", "")
        form.choices[name].append(value)
        if "selected" in a or not self._chosen:
            if self._chosen or any(one == name for one, _value in form.fields):
                form.fields[:] = [pair for pair in form.fields if pair[0] != name]
            form.fields.append((name, value))
            self._chosen = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._silent -= 1
        elif tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._area = None
        elif tag == "button" and self._button is not None:
            form, name, value = self._button_of
            if form is not None:
                form.buttons.append((name, value, " ".join("".join(self._button).split())))
            self._button = None
        elif tag == "a" and self._link is not None:
            self.links.append((self._href, " ".join("".join(self._link).split())))
            self._link = None

    def handle_data(self, text: str) -> None:
        if self._silent > 0:
            return
        self.words.append(text)
        if self._button is not None:
            self._button.append(text)
        if self._link is not None:
            self._link.append(text)
        if self._area is not None:
            name, form = self._area
            form.fields[-1] = (name, form.fields[-1][1] + text)


class Page:
    def __init__(self, answer: httpx.Response) -> None:
        self.answer, self.url, self.status = answer, str(answer.url), answer.status_code
        self._reader: _Reader | None = None

    @property
    def _read(self) -> _Reader:
        if self._reader is None:
            self._reader = _Reader()
            self._reader.feed(self.answer.text)
        return self._reader

    @property
    def forms(self) -> list[Form]:
        return self._read.forms

    @property
    def links(self) -> list[tuple[str, str]]:
        return self._read.links

    @property
    def text(self) -> str:
        return " ".join("".join(self._read.words).split())

    def form(self, *, having: str = "", action: str = "", button: str = "") -> Form:
        """Find the form with this field, this in its action, or these words on a button. Raises Lost."""
        for form in self.forms:
            words = [text.casefold() for _name, _value, text in form.buttons]
            if (
                (not having or form.has(having))
                and (not action or action in form.action)
                and (not button or any(button.casefold() in one for one in words))
            ):
                return form
        wanted = having or action or button
        raise Lost(f"{self.url} ({self.status}) has no form with {wanted!r}: {self.text[:300]}")

    def link(self, part: str) -> str:
        """Return the address of the first link whose address or words contain this. Raises Lost."""
        for href, words in self.links:
            if part in href or part.casefold() in words.casefold():
                return urljoin(self.url, href)
        raise Lost(f"{self.url} ({self.status}) has no link {part!r}")


@cache
def certificates() -> ssl.SSLContext:
    """Read the system's certificates once: it takes 20 ms, and each client would do it again."""
    return httpx.create_ssl_context(trust_env=False)


class Browser:
    """One person with their cookies; redirects are followed."""

    def __init__(self, base_url: str, *, timeout: float = 30.0, headers: dict[str, str] | None = None) -> None:
        self.base_url = base_url
        self._client = httpx.Client(
            base_url=base_url,
            follow_redirects=True,
            timeout=timeout,
            trust_env=False,
            headers=headers,
            verify=certificates(),
        )

    def get(self, url: str, *, expect: Iterable[int] = (200,)) -> Page:
        return self._page(self._client.get(url), expect)

    def submit(
        self,
        page: Page,
        form: Form,
        *,
        button: str = "",
        files: dict[str, Any] | None = None,
        expect: Iterable[int] = (200,),
        **values: Any,
    ) -> Page:
        """Send a form as it stands, with these values instead of its own; a list gives a name several values.

        Double underscores in names stand for dashes. Raises Lost on an unexpected status.
        """
        changed = {name.replace("__", "-"): value for name, value in values.items()}
        pairs = [(name, value) for name, value in form.fields if name not in changed]
        for name, value in changed.items():
            pairs += [(name, str(one)) for one in (value if isinstance(value, list) else [value])]
        pairs += self._pressed(form, button)
        where = urljoin(page.url, form.action or page.url)
        data: dict[str, list[str]] = {}
        for name, value in pairs:
            data.setdefault(name, []).append(value)
        if form.method == "get":
            return self._page(self._client.get(where, params=data), expect)
        sent = self._client.post(where, data=data, files=files or None, headers={"Referer": page.url})
        return self._page(sent, expect)

    @staticmethod
    def _pressed(form: Form, words: str) -> list[tuple[str, str]]:
        for name, value, text in form.buttons:
            if not words or words.casefold() in text.casefold():
                return [(name, value)] if name else []
        if words:
            raise Lost(f"the form to {form.action} has no button {words!r}")
        return []

    @staticmethod
    def _page(answer: httpx.Response, expect: Iterable[int]) -> Page:
        page = Page(answer)
        if page.status not in tuple(expect):
            raise Lost(f"{page.url} answered {page.status}: {page.text[:300]}")
        return page

    @property
    def cookies(self) -> dict[str, str]:
        return dict(self._client.cookies)

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
