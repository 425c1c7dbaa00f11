"""Eight identical calls at the same moment: what T2 is made of."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

CALLERS = 8


@dataclass(frozen=True)
class Identical:
    """`call` is made eight times at once and returns what the caller is told; `effects` counts what it did in all."""

    name: str
    call: Callable[[], Any]
    effects: Callable[[], int]


class Callers:
    """Eight threads with sessions of their own."""

    def __init__(self) -> None:
        self.calls: dict[str, int] = {}
        self.wrong: list[str] = []
        self._pool = ThreadPoolExecutor(CALLERS)

    def make(self, story: Iterator[Identical]) -> None:
        """Make the calls of a story in its order; note those with another number of effects, or unequal answers."""
        for identical in story:
            gate = threading.Barrier(CALLERS)
            answers = list(self._pool.map(_told, [identical.call] * CALLERS, [gate] * CALLERS))
            self.calls[identical.name] = self.calls.get(identical.name, 0) + CALLERS
            effects = identical.effects()
            if effects != 1 or any(answer != answers[0] for answer in answers) or "!" in str(answers[0]):
                self.wrong.append(f"{identical.name}: {effects} effects, told {sorted(set(map(str, answers)))}")

    def close(self) -> None:
        list(self._pool.map(_close, range(CALLERS)))
        self._pool.shutdown()


def _told(call: Callable[[], Any], gate: threading.Barrier) -> Any:
    gate.wait()
    try:
        return call()
    except Exception as error:
        return f"! {type(error).__name__}: {error}"


def _close(_caller: int) -> None:
    from django.db import connections

    connections.close_all()
