"""The secrets of one installation that was given none: made once, kept in the data folder, readable by its owner."""

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path

from oms.embedded import keeper


def _words() -> str:
    return base64.urlsafe_b64encode(os.urandom(36)).decode()


def _key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


MAKERS: dict[str, Callable[[], str]] = {
    "secret_key": _words,
    "master_keys": lambda: f"1:{_key()}",
    "index_key": _key,
    "chain_key": _key,
    "stripe_webhook_secret": lambda: f"whsec_{_words()}",
    "easypost_webhook_secret": _words,
}


def load_secrets(folder: Path) -> dict[str, str]:
    """Return name → secret from `secrets.json` (mode 0600), adding names it lacks.

    `master_keys` is `1:` and base64 of 32 bytes; `index_key` and `chain_key` are base64 of 32 bytes. Processes that
    start at the same moment get the same values, and a crash leaves the old file or the new one, never half of one.
    """
    path = folder / "secrets.json"
    known = _read(path)
    if MAKERS.keys() <= known.keys():
        return known
    held = keeper.lock(folder / "secrets.lock")
    try:
        known = {name: make() for name, make in MAKERS.items()} | _read(path)
        fresh = path.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as out:
            json.dump(known, out, indent=1)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(path)
        return known
    finally:
        os.close(held)  # type: ignore[arg-type]


def _read(path: Path) -> dict[str, str]:
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except ValueError:
        raise keeper.EmbeddedError(
            f"{path} is damaged. Bring back a copy of it: without, nothing encrypted in this data folder can be read."
        ) from None
