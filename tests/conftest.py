import pytest

from tests.processes import child_environment


@pytest.fixture
def processes(transactional_db: None) -> dict[str, str]:
    """Return the environment with which a worker or a command started as a process sees this test's database."""
    return child_environment()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Proofs first: they take longest, so that the rest is done beside them and not before them."""
    items.sort(key=lambda item: item.get_closest_marker("proof") is None)
