"""The settings under test: the project's own, on throw-away servers in the data folder's `test/`."""

import os

from oms import embedded

if "HOMEWARD_TESTS" not in os.environ:  # not again in the workers of one run
    os.environ["HOMEWARD_TESTS"] = "1"
    os.environ["HOMEWARD_DATA"] = str(embedded.data_dir() / "test")
    os.environ["HOMEWARD_FAST_DISK"] = "1"

if worker := os.environ.get("PYTEST_XDIST_WORKER"):  # servers of its own for each of several processes
    own = os.environ["HOMEWARD_DATA"].removesuffix(f"-{worker}")
    os.environ["HOMEWARD_DATA"] = f"{own}-{worker}"

from oms.settings import *  # noqa: F403

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher"
]  # tests log in often and prove no password's strength
(embedded.data_dir() / "static").mkdir(parents=True, exist_ok=True)  # empty: the sources themselves are served
# A browser keeps its connection to the live server open; the database must not be kept open with it.
DATABASES["default"]["CONN_MAX_AGE"] = 0  # noqa: F405
REMEMBER_SECONDS = 0  # a test sees what it has just changed
