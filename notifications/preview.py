"""A mail as a page of ours may show it: the strict policy allows no `style=`, mails need it.

Each `style=` becomes a class of the document's own style block, which carries the page's nonce. What a mail of ours
never contains (scripts, forms, event handlers) does not get through, whoever wrote the mail.
"""

from html import escape
from html.parser import HTMLParser

DROPPED = frozenset({"script", "iframe", "frame", "object", "embed", "form", "input", "button", "link", "base", "svg"})
SHUT = frozenset({"script", "iframe", "object", "svg"})  # what stands in them goes too
VOID = frozenset({"meta", "br", "img", "hr", "wbr"})
LAYOUT = frozenset({"role", "width", "height", "align", "valign", "cellpadding", "cellspacing", "border"})
KEPT_ATTRIBUTES = LAYOUT | {"href", "src", "alt", "lang", "dir", "charset", "name", "content"}
LINKS = ("https://", "http://", "mailto:", "tel:", "data:image/")
UNSAFE_IN_STYLE = frozenset("<>{}@\\")


def preview(html: str, nonce: str) -> str:
    """Return the document with its styles in blocks that carry `nonce`; links open beside the page they are shown in.

    Styles come out in the order they stood in, so that the mail's own dark colors still win over them.
    """
    parser = _Rewriter(nonce)
    parser.feed(html)
    parser.close()
    rules = "".join(f".m{number}{{{style}}}" for style, number in parser.classes.items())
    # An empty icon: the browser need not ask for one.
    head = f'<link rel="icon" href="data:,"><style nonce="{escape(nonce)}">{rules}</style>'
    return "".join(parser.out).replace(_MARK, head, 1)


_MARK = "\x00styles\x00"


class _Rewriter(HTMLParser):
    def __init__(self, nonce: str) -> None:
        super().__init__(convert_charrefs=False)
        self.nonce = nonce
        self.out: list[str] = []
        self.classes: dict[str, int] = {}
        self._shut = 0

    def handle_decl(self, decl: str) -> None:
        self.out.append(f"<!{decl}>")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in DROPPED:
            self._shut += tag in SHUT
            return
        if self._shut or (tag == "meta" and any(name == "http-equiv" for name, _value in attrs)):
            return
        if tag == "style":
            self.out.append(f'{_MARK if _MARK not in self.out else ""}<style nonce="{escape(self.nonce)}">')
            return
        self.out.append(f"<{tag}{''.join(self._attributes(tag, attrs))}>")
        if tag == "body":  # a page has a main part; a mail, shown within a mail program's, has none
            self.out.append("<main>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag in SHUT:
            self._shut -= 1

    def handle_endtag(self, tag: str) -> None:
        if tag in SHUT:
            self._shut = max(0, self._shut - 1)
        elif tag not in DROPPED and tag not in VOID and not self._shut:
            if tag == "body":
                self.out.append("</main>")
            self.out.append(f"</{tag}>")

    def _attributes(self, tag: str, attrs: list[tuple[str, str | None]]) -> list[str]:
        kept, classes = [], []
        for name, value in attrs:
            text = (value or "").strip()
            if name == "style" and not UNSAFE_IN_STYLE & set(text):
                classes.append(f"m{self.classes.setdefault(text, len(self.classes))}")
            elif name == "class":
                classes += text.split()
            elif name in ("href", "src") and not text.lower().startswith(LINKS):
                continue
            elif name in KEPT_ATTRIBUTES:
                kept.append(f' {name}="{escape(text)}"')
        if classes:
            kept.append(f' class="{escape(" ".join(classes))}"')
        if tag == "a":
            kept.append(' target="_blank" rel="noopener noreferrer"')
        return kept

    def handle_data(self, data: str) -> None:
        if not self._shut:
            self.out.append(data)

    def handle_entityref(self, name: str) -> None:
        self.handle_data(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.handle_data(f"&#{name};")
