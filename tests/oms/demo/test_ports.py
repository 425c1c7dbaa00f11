import socket
from pathlib import Path

from oms.demo import ports


def test_a_taken_port_is_passed_over_and_a_remembered_one_kept() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        port = taken.getsockname()[1]
        assert not ports.is_free(port)
        assert ports.next_free(port) != port
    assert ports.next_free(port) == port


def test_ports_are_remembered_and_a_damaged_note_is_ignored(tmp_path: Path) -> None:
    assert ports.remembered(tmp_path) == {}
    ports.remember(tmp_path, {"web": 8003, "sandbox": 8100})
    assert ports.remembered(tmp_path) == {"web": 8003, "sandbox": 8100}
    (tmp_path / "ports.json").write_text("{")
    assert ports.remembered(tmp_path) == {}
