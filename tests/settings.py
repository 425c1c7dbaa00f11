"""The settings under test: the project's own, on throw-away servers in the data folder's `test/`."""

import os

from oms import embedded
from tests import tables

if "HOMEWARD_TESTS" not in os.environ:  # not again in the workers of one run
    os.environ["HOMEWARD_TESTS"] = "1"
    os.environ["HOMEWARD_DATA"] = str(embedded.data_dir() / "test")
    os.environ["HOMEWARD_FAST_DISK"] = "1"
    os.environ["VERDICTS_WAIT"] = "0"  # what is inspected is booked at once, unless a test says otherwise

if worker := os.environ.get("PYTEST_XDIST_WORKER"):  # servers of its own for each of several processes
    own = os.environ["HOMEWARD_DATA"].removesuffix(f"-{worker}")
    os.environ["HOMEWARD_DATA"] = f"{own}-{worker}"

if made := tables.begun():
    tables.copy(made, embedded.data_dir())

from oms.settings import *  # noqa: F403

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher"
]  # tests log in often and prove no password's strength
(embedded.data_dir() / "static").mkdir(parents=True, exist_ok=True)  # empty: the sources themselves are served
# A browser keeps its connection to the live server open; the database must not be kept open with it.
DATABASES["default"]["CONN_MAX_AGE"] = 0  # noqa: F405
DATABASES["default"]["TEST"] = {"SERIALIZE": False}  # noqa: F405 - see `database.py`
if made and DATABASES["default"]["EMBEDDED"]:  # noqa: F405
    DATABASES["default"]["TEST"]["TEMPLATE"] = DATABASES["default"]["NAME"]  # noqa: F405
REMEMBER_SECONDS = 0  # a test sees what it has just changed
# Each test client would list every file again. A site of its own (see `browser/production.py`) does as in production.
WHITENOISE_AUTOREFRESH = "STATIC_ROOT" not in os.environ
