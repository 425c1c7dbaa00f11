"""Templates the strict content security policy would break are found here, before a browser finds them (S5)."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "templates"
COMPONENTS = TEMPLATES / "components"
PAGES = sorted(path for path in TEMPLATES.rglob("*.html") if "mail" not in path.relative_to(TEMPLATES).parts)

COMMENT = re.compile(r"{#.*?#}|{% comment %}.*?{% endcomment %}|<!--.*?-->", re.DOTALL)
STYLE_ATTRIBUTE = re.compile(r"""<[^>]*?\sstyle\s*=""", re.IGNORECASE)
HANDLER = re.compile(r"""<[^>]*?\son[a-z]+\s*=\s*["']""", re.IGNORECASE)
INLINE = re.compile(r"<(?:script|style)\b(?![^>]*\b(?:src|nonce)=)(?![^>]*csp_nonce_attr)[^>]*>", re.IGNORECASE)
JAVASCRIPT_LINK = re.compile(r"""(?:href|action)\s*=\s*["']\s*javascript:""", re.IGNORECASE)
INCLUDE = re.compile(r"""{% include ["']([^"']+)["']([^%]*)%}""")
ICON = re.compile(r"""components/icon\.html["'] with name=["']([\w-]+)["']""")


def source(path: Path) -> str:
    return COMMENT.sub("", path.read_text())


@pytest.mark.parametrize(
    ("rule", "pattern"),
    [
        ("style attribute", STYLE_ATTRIBUTE),
        ("event handler", HANDLER),
        ("inline script or style without a nonce", INLINE),
        ("javascript: link", JAVASCRIPT_LINK),
    ],
)
def test_nothing_the_policy_forbids(rule: str, pattern: re.Pattern[str]) -> None:
    assert {
        str(path.relative_to(ROOT)): pattern.findall(source(path)) for path in PAGES if pattern.search(source(path))
    } == {}


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (STYLE_ATTRIBUTE, '<p class="x" style="color:red">'),
        (HANDLER, "<a href='#' onclick='go()'>"),
        (INLINE, "<script>go()</script>"),
        (INLINE, '<style media="print">'),
        (JAVASCRIPT_LINK, '<a href="javascript:go()">'),
    ],
)
def test_the_patterns_find_what_they_are_for(pattern: re.Pattern[str], text: str) -> None:
    assert pattern.search(text)


def test_scripts_with_a_file_or_a_nonce_are_fine() -> None:
    assert not INLINE.search('<script type="module" src="x.js">')
    assert not INLINE.search("<style {% csp_nonce_attr %}>")


def test_every_icon_named_is_drawn() -> None:
    drawn = {path.stem for path in (COMPONENTS / "icons").glob("*.svg")}
    named = {name for path in PAGES for name in ICON.findall(source(path))}
    assert named - drawn == set()


def test_every_template_included_exists() -> None:
    named = {
        name
        for path in TEMPLATES.rglob("*.*")
        if path.suffix in {".html", ".txt"}
        for name, _ in INCLUDE.findall(source(path))
    }
    ours = {name for name in named if not name.startswith(("admin/", "django/"))}  # the others are Django's own
    assert {name for name in ours if not (TEMPLATES / name).is_file()} == set()


def test_every_component_is_listed() -> None:
    """Who writes a page finds each component in the README, and only those that exist."""
    listed = set(re.findall(r"^\| `([\w.]+)` \|", (COMPONENTS / "README.md").read_text(), re.MULTILINE))
    inner = {"field_notes.html", "table_cell.html"}
    pages = {path.name for path in TEMPLATES.glob("*_base.html")}
    assert listed - pages == {path.name for path in COMPONENTS.glob("*.html")} - inner
