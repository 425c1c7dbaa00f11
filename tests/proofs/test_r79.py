import pytest

from tests.proofs import r79


@pytest.mark.proof
def test_r79_small_size() -> None:
    found = r79.run(r79.SMALL)
    assert found["wrong"] == []
    assert [row["movements"] for row in found["curve"]] == [2_000, 4_000, 8_000, 16_000]
