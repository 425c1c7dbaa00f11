"""A thread reads on while what was read is stored: in order, one item ahead, and nothing that fails is lost."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from oms.importing.ahead import ahead


def test_everything_comes_in_its_order() -> None:
    assert list(ahead(iter(range(1, 100)))) == list(range(1, 100))
    assert list(ahead(iter(()))) == []


def test_what_fails_while_reading_is_raised_after_what_came_before() -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("line 3")

    found: list[int] = []
    with pytest.raises(ValueError, match="line 3"):
        found.extend(ahead(items()))
    assert found == [1, 2]


def test_who_stops_early_waits_for_the_one_that_is_being_read_and_reads_no_more() -> None:
    read = []

    def items() -> Iterator[int]:
        for number in range(1, 100):
            read.append(number)
            yield number

    with closing(ahead(items())) as coming:
        assert next(coming) == 1
    assert read == [1, 2]
