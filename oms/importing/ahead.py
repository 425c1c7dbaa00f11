"""Reading ahead: a thread reads on while PostgreSQL stores what was read."""

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor


def ahead[Item](items: Iterator[Item]) -> Generator[Item]:
    """The same items, each made by a thread while the one before it is in use; what making them raises is raised here.

    The thread has no connection to the database. Close this to wait until it has ended.
    """
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = reader.submit(next, items, None)
            yield item
