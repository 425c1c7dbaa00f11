import base64
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from oms.demo.people import log_ins, one_time_code


@pytest.mark.parametrize(("at", "code"), [(59, "287082"), (1111111109, "081804"), (20000000000, "353130")])
def test_codes_are_those_of_the_standard(at: int, code: str) -> None:
    """RFC 6238, appendix B (SHA-1; its eight digits end in these six)."""
    assert one_time_code(base64.b32encode(b"12345678901234567890").decode(), at=at) == code


def test_nobody_can_log_in_before_the_shop_is_filled(tmp_path: Path) -> None:
    assert log_ins(tmp_path) == []


def test_each_person_comes_with_a_code(tmp_path: Path) -> None:
    ana = {"role": "agent", "email": "ana@example.test", "password": "p", "totp_secret": "JBSWY3DPEHPK3PXP"}
    (tmp_path / "demo.json").write_text(json.dumps([ana]))
    (shown,) = log_ins(tmp_path)
    assert {**ana, "code_now": shown["code_now"]} == shown
    assert len(shown["code_now"]) == 6


def test_codes_of_no_shop_are_refused_with_what_makes_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOMEWARD_DATA", str(tmp_path))
    with pytest.raises(CommandError, match=r"There is no shop in .* yet; bin/demo makes one\.") as refused:
        call_command("demo", "--codes")
    assert refused.value.returncode == 1
