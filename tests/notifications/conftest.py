from collections.abc import Iterator

import pytest

from notifications import letterhead


@pytest.fixture(autouse=True)
def letterhead_of_this_test() -> Iterator[None]:
    """The settings kept for a few seconds are those of another test's shop."""
    letterhead.forget()
    yield
    letterhead.forget()
