from collections.abc import Iterator

import pytest

from oms import remembered


@pytest.fixture(autouse=True)
def settings_of_this_test() -> Iterator[None]:
    """What a test lets this process remember is not the next one's."""
    remembered.forget()
    yield
    remembered.forget()
