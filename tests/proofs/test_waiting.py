import pytest

from tests.proofs.test_proofs import WAITING, holds


@pytest.mark.proof
@pytest.mark.parametrize("name", WAITING)
def test_the_figure_holds_at_its_small_size(name: str) -> None:
    holds(name)
