import pytest

from tests.proofs import k9


@pytest.mark.proof
def test_k9_small_size() -> None:
    found = k9.run(k9.SMALL)
    assert found["wrong"] == []
    assert found["sequences"] == 3_000
