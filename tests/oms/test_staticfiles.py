"""A page costs one request for its looks, and few bytes (U7)."""

import gzip
import re

import pytest
from django.contrib.staticfiles.finders import get_finders

from oms.staticfiles import BUNDLES, bundle

LIMIT = 14 * 1024
"""Bytes of CSS a customer's page may cost, compressed."""


def paths() -> dict[str, tuple[object, str]]:
    return {name: (storage, name) for finder in get_finders() for name, storage in finder.list([])}


@pytest.mark.parametrize("name", BUNDLES)
def test_nothing_is_left_to_fetch(name: str) -> None:
    css = bundle(name, paths())
    assert "@import" not in css
    assert css.count("{") == css.count("}")
    known = paths()
    for address in re.findall(r'url\("([^"#]+)', css):
        assert "/".join(["css", address]).replace("css/../", "") in known


def test_layers_are_named_once_in_order() -> None:
    css = bundle("css/portal.css", paths())
    assert css.startswith("@layer tokens, base, components, utilities;")
    assert re.findall(r"@layer (\w+)\{", css)[:2] == ["tokens", "base"]


def test_a_customer_page_stays_light() -> None:
    assert len(gzip.compress(bundle("css/portal.css", paths()).encode(), 9)) <= LIMIT
