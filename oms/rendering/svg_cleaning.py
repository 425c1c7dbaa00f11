"""What a drawing must be before a page may hold it: no styles, no scripts, no links but ours, short numbers."""

import hashlib
import re
from xml.etree import ElementTree as Tree

SVG = "http://www.w3.org/2000/svg"
LINK = "{http://www.w3.org/1999/xlink}href"
# What the library puts before an address that names no host.
BASE = "https://vega.github.io/vega-datasets/"
FORBIDDEN = {"script", "style", "foreignObject", "iframe", "image", "animate", "set", "use"}
_NUMBER = re.compile(r"-?\d+\.\d{2,}")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_DRAWN = ("d", "transform", "points")


def cleaned(text: str, words: str = "") -> str:
    """Return the drawing fit for a strict content policy; ids are made unlike those of any other drawing.

    `words` are what is read out for the whole; its marks, being links, are read out by themselves.
    """
    Tree.register_namespace("", SVG)
    root = Tree.fromstring(text)  # noqa: S314 - drawn by our own library from our own specification
    prefix = f"c{hashlib.sha256(text.encode()).hexdigest()[:8]}-"
    _clean(root, prefix)
    for name in ("width", "height"):
        root.attrib.pop(name, None)
    root.set("role", "group")
    if words:
        root.set("aria-label", words)
    root.set("focusable", "false")
    return Tree.tostring(root, encoding="unicode")


def _clean(element: Tree.Element, prefix: str) -> None:
    for child in list(element):
        if not isinstance(child.tag, str) or child.tag.rpartition("}")[2] in FORBIDDEN:
            element.remove(child)
        else:
            _clean(child, prefix)
    link = element.attrib.pop(LINK, None) or element.attrib.pop("href", None)
    for name in list(element.attrib):
        value = element.attrib[name]
        if name == "style" or name.startswith("on") or name == "target":
            del element.attrib[name]
        elif name == "id":
            element.set(name, prefix + value)
        elif "url(" in value:
            element.set(name, _REFERENCE.sub(rf"url(#{prefix}\1)", value))
        elif name in _DRAWN:
            element.set(name, _NUMBER.sub(_short, value))
    link = (link or "").removeprefix(BASE)
    if link.startswith("/") and not link.startswith("//"):
        element.set("href", link)


def _short(number: re.Match[str]) -> str:
    text = f"{float(number[0]):.1f}"
    return text.removesuffix(".0")
