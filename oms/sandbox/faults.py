"""What goes wrong, and how often: set by `PUT /_sandbox/faults`, drawn from a seeded generator.

The shape, with the values of a calm day::

    {"seed": 1,
     "stripe": {"down": false,            # true or "reset": the connection breaks; "503": an answer of 503
                "drop": 0.0,              # executed, then the connection breaks before the answer
                "error_500": 0.0,         # executed, then 500; the 500 is replayed for that idempotency key
                "error_429": 0.0, "error_409": 0.0,      # not executed
                "latency": [0.0, 0.0],    # seconds, half before and half after the execution
                "pending": 1.0,           # share of refunds that begin as pending
                "settle_after": [0.1, 0.3],              # seconds until a pending refund settles; null: never by itself
                "fail": 0.0,              # share of pending refunds that fail instead of settling
                "late_failure": 0.0, "late_failure_after": [1.0, 3.0]},
     "paypal": {as Stripe's, "pending": 0.0},
     "easypost": {"down", "drop", "error_500", "error_429", "latency" as above},
     "webhooks": {"duplicate": 0.0, "shuffle": 0.0, "shuffle_within": 1.5,   # seconds
                  "early": 0.0,           # share delivered before the API answers
                  "late": 0.0, "late_after": [5.0, 15.0]}}

A PUT names what it changes; the rest stays. `{"calm": true}` returns everything to the values above.
"""

import copy
import random
import threading
from typing import Any, NamedTuple

CALM: dict[str, Any] = {
    "seed": 1,
    "stripe": {
        "down": False,
        "drop": 0.0,
        "error_500": 0.0,
        "error_429": 0.0,
        "error_409": 0.0,
        "latency": [0.0, 0.0],
        "pending": 1.0,
        "settle_after": [0.1, 0.3],
        "fail": 0.0,
        "late_failure": 0.0,
        "late_failure_after": [1.0, 3.0],
    },
    "paypal": {
        "down": False,
        "drop": 0.0,
        "error_500": 0.0,
        "error_429": 0.0,
        "error_409": 0.0,
        "latency": [0.0, 0.0],
        "pending": 0.0,
        "settle_after": [0.1, 0.3],
        "fail": 0.0,
        "late_failure": 0.0,
        "late_failure_after": [1.0, 3.0],
    },
    "easypost": {"down": False, "drop": 0.0, "error_500": 0.0, "error_429": 0.0, "latency": [0.0, 0.0]},
    "webhooks": {
        "duplicate": 0.0,
        "shuffle": 0.0,
        "shuffle_within": 1.5,
        "early": 0.0,
        "late": 0.0,
        "late_after": [5.0, 15.0],
    },
}
RANGES = {"latency", "settle_after", "late_failure_after", "late_after"}


class UnusableFaults(Exception):
    """The PUT names something that does not exist or is no probability, range or number."""


class Fate(NamedTuple):
    """What one call meets: `kind` is "", "down", "503", "drop", "500", "429" or "409"; `pause` is in seconds."""

    kind: str = ""
    pause: float = 0.0
    early: bool = False


class Faults:
    """The present settings and the generator they are drawn with."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.settings = copy.deepcopy(CALM)
        self._random = random.Random(CALM["seed"])

    def change(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Apply a PUT as a whole or not at all and return the settings now in force. Raises UnusableFaults."""
        with self._lock:
            settings = copy.deepcopy(CALM if wanted.get("calm") else self.settings)
            for name, value in wanted.items():
                if name == "seed" and isinstance(value, int):
                    settings["seed"] = value
                elif name in CALM and name != "seed" and isinstance(value, dict):
                    for key, part in value.items():
                        settings[name][key] = _usable(name, key, part)
                elif name != "calm":
                    raise UnusableFaults(f"{name}: not a group of faults")
            if "seed" in wanted or wanted.get("calm"):
                self._random = random.Random(settings["seed"])
            self.settings = settings
            return copy.deepcopy(settings)

    def chance(self, group: str, name: str) -> bool:
        """Draw once against a probability."""
        with self._lock:
            share: float = self.settings[group][name]
            return share > 0 and self._random.random() < share

    def within(self, group: str, name: str) -> float | None:
        """Draw from a range of seconds; None where the range is null."""
        with self._lock:
            span = self.settings[group][name]
            return None if span is None else self._random.uniform(*span)

    def fate(self, vendor: str) -> Fate:
        """Draw what the next call of a vendor meets."""
        with self._lock:
            settings = self.settings[vendor]
            if settings["down"]:
                return Fate("503" if settings["down"] == "503" else "down")
            pause = self._random.uniform(*settings["latency"])
            drawn, kind = self._random.random(), ""
            for name, word in (("drop", "drop"), ("error_500", "500"), ("error_429", "429"), ("error_409", "409")):
                drawn -= settings.get(name, 0.0)
                if drawn < 0:
                    kind = word
                    break
            early = self.settings["webhooks"]["early"]
            return Fate(kind, pause, early > 0 and self._random.random() < early)


def _usable(group: str, key: str, value: Any) -> Any:
    """The value itself, or UnusableFaults."""
    if key not in CALM[group]:
        raise UnusableFaults(f"{group}.{key}: no such fault")
    if key == "down":
        if value in (True, False, "reset", "503"):
            return value
    elif key in RANGES:
        if value is None and key == "settle_after":
            return None
        if _span(value):
            return value
    elif key == "shuffle_within":
        if _number(value) and value >= 0:
            return value
    elif _number(value) and 0 <= value <= 1:
        return value
    raise UnusableFaults(f"{group}.{key}: {value!r} cannot be used")


def _span(value: Any) -> bool:
    pair = isinstance(value, list) and len(value) == 2 and all(_number(part) for part in value)
    return pair and 0 <= value[0] <= value[1]


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
