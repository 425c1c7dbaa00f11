"""Every table, made once: a test process or a proof begins with a copy, which is much quicker than all migrations.

Nothing here needs Django: the settings of the tests copy before they are read.
"""

import fcntl
import os
import subprocess
from pathlib import Path

# The database, and the keys its first rows were sealed with.
KEPT = ("postgres", "secrets.json")
STATIC = "static"  # stylesheets and scripts as production serves them: for proofs
# Names the folder that `tests.proofs --begin` has filled.
BEGUN = "HOMEWARD_BEGUN"


def begun() -> Path | None:
    """Where the tables lie, if they were made for this run."""
    return Path(os.environ[BEGUN]) if os.environ.get(BEGUN) else None


def copy(begun: Path, data: Path, *more: str) -> None:
    """Give `data`, a data folder without servers, the tables made in `begun`; a folder that has some keeps its own.

    Two processes may begin with the same folder at once: one copies, the other waits.
    """
    data.mkdir(mode=0o711, parents=True, exist_ok=True)
    with (data / "copying.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (data / KEPT[0]).exists():
            subprocess.run(["cp", "-a", *(begun / name for name in (*KEPT, *more)), data], check=True)
