import pytest

from tests.proofs import s6

pytestmark = pytest.mark.proof


def test_the_figure_holds_at_its_small_size() -> None:
    assert s6.run(s6.SMALL, lambda done, total: None)["passed"] is True
