"""A mail as our pages may show it: nothing inline but what the nonce names, nothing that runs."""

import re

import pytest

from notifications.preview import preview

STYLED = """<!doctype html>
<html><head><meta charset="utf-8"><title>A</title><style>.ink { color: red !important; }</style></head>
<body class="paper" style="margin:0"><p style="color:#123" class="ink">A &amp; B &#847;</p><p style="color:#123">C</p>
<a href="https://shop.test/?a=1&amp;b=2" style="color:#456">Go</a></body></html>"""


def test_styles_become_classes_of_a_block_with_the_nonce() -> None:
    shown = preview(STYLED, "N0NCE")
    assert "style=" not in shown
    assert re.findall(r"<style[^>]*>", shown) == ['<style nonce="N0NCE">'] * 2
    assert ".m0{margin:0}.m1{color:#123}.m2{color:#456}" in shown
    assert '<p class="m1 ink">A &amp; B &#847;</p><p class="m1">C</p>' in shown


def test_the_mail_s_own_rules_come_after_so_that_dark_colors_win() -> None:
    shown = preview(STYLED, "N")
    assert shown.index(".m1{color:#123}") < shown.index(".ink { color: red !important; }")


def test_links_open_beside_the_page() -> None:
    shown = preview(STYLED, "N")
    link = '<a href="https://shop.test/?a=1&amp;b=2" class="m2" target="_blank" rel="noopener noreferrer">Go</a>'
    assert link in shown


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<SCRIPT SRC=//evil.test></SCRIPT>",
        "<img src=x onerror=alert(1)>",
        '<a href="javascript:alert(1)">x</a>',
        '<a href=" JaVaScRiPt:alert(1)">x</a>',
        "<svg onload=alert(1)><script>1</script></svg>",
        '<iframe src="https://evil.test"></iframe>',
        '<form action="https://evil.test"><input></form>',
        '<meta http-equiv="refresh" content="0;url=https://evil.test">',
        '<base href="https://evil.test">',
        '<p style="}</style><script>alert(1)</script>">x</p>',
        '<p style="background:url(//evil.test)" onclick="alert(1)">x</p>',
        '<link rel="stylesheet" href="https://evil.test">',
    ],
)
def test_nothing_that_runs_gets_through(hostile: str) -> None:
    shown = preview(f"<p>before</p>{hostile}<p>after</p>", "N").lower()
    found = re.findall(
        r"<script|<svg|<iframe|<form|<input|<base|<link|http-equiv|javascript:|\son\w+=|<img src=x", shown
    )
    assert found == []
    assert (shown.count("before"), shown.count("after")) == (1, 1)
