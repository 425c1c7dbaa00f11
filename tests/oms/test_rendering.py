import os
import signal
import threading
import time
from pathlib import Path

import pytest

from oms import rendering

BARS = {
    "data": {"values": [{"a": "x", "b": 3, "u": "/rows/"}, {"a": "y", "b": 5, "u": "https://elsewhere.example/"}]},
    "mark": "bar",
    "encoding": {
        "x": {"field": "a", "type": "nominal"},
        "y": {"field": "b", "type": "quantitative"},
        "href": {"field": "u"},
        "color": {"value": "var(--chart)"},
    },
}


def renderer() -> int:
    """The number of the process that serves this data folder."""
    wanted = str(rendering.socket_path()).encode()
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        if wanted in entry.read_bytes().split(b"\0"):
            return int(entry.parent.name)
    raise LookupError("no renderer runs")


def test_a_drawing_keeps_the_strict_policy_and_only_our_links():
    drawn = rendering.svg(BARS)
    assert 'href="/rows/"' in drawn
    assert 'href="http' not in drawn
    assert "style=" not in drawn
    assert "<script" not in drawn
    assert "var(--chart)" in drawn


def test_data_from_elsewhere_is_refused():
    with pytest.raises(rendering.DrawingRefused):
        rendering.svg({**BARS, "data": {"url": "http://127.0.0.1:9/data.json"}})


def test_a_wrong_specification_does_not_stop_the_next():
    with pytest.raises(rendering.DrawingRefused):
        rendering.svg({"mark": "no such mark"})
    assert rendering.svg(BARS).startswith("<svg")


def test_a_page_becomes_a_pdf_and_nothing_outside_it_is_fetched():
    made = rendering.pdf("<h1>Hello</h1><img src='file:///etc/hostname'><img src='http://127.0.0.1:9/x.png'>")
    assert made.startswith(b"%PDF-")


def test_killed_it_starts_again():
    rendering.svg(BARS)
    first = renderer()
    os.kill(first, signal.SIGKILL)
    assert rendering.svg(BARS).startswith("<svg")
    assert renderer() != first


def test_many_first_callers_start_one():
    rendering.svg(BARS)
    os.kill(renderer(), signal.SIGKILL)
    drawn = []
    callers = [threading.Thread(target=lambda: drawn.append(rendering.svg(BARS))) for _ in range(6)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert len(set(drawn)) == 1
    assert len(drawn) == 6
    assert renderer()


def test_it_goes_when_its_socket_is_gone():
    rendering.svg(BARS)
    served = renderer()
    rendering.socket_path().unlink()
    until = time.monotonic() + 10
    while Path(f"/proc/{served}").exists() and time.monotonic() < until:
        threading.Event().wait(0.1)
    assert not Path(f"/proc/{served}").exists()


def test_it_stays_small():
    for _ in range(3):
        rendering.svg(BARS)
        rendering.pdf("<p>Hello</p>")
    resident = int(Path(f"/proc/{renderer()}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    assert resident < 250 << 20
