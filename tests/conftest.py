import pytest

from tests.processes import child_environment


@pytest.fixture
def processes(transactional_db: None) -> dict[str, str]:
    """Return the environment with which a worker or a command started as a process sees this test's database."""
    return child_environment()
