"""Things that happen later: a refund that settles, a webhook that is tried again."""

import heapq
import itertools
import sys
import threading
import time
import traceback
from collections.abc import Callable


class Timeline(threading.Thread):
    """One thread that calls short functions at their time (`time.time()` seconds)."""

    def __init__(self) -> None:
        super().__init__(name="timeline", daemon=True)
        self._wake = threading.Condition()
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._number = itertools.count()
        self._running = False

    def at(self, when: float, call: Callable[[], None]) -> None:
        with self._wake:
            heapq.heappush(self._heap, (when, next(self._number), call))
            self._wake.notify()

    def waiting(self) -> int:
        """How many calls are still to come or not yet finished."""
        with self._wake:
            return len(self._heap) + self._running

    def run(self) -> None:
        while True:
            with self._wake:
                while not self._heap or self._heap[0][0] > time.time():
                    self._wake.wait(self._heap[0][0] - time.time() if self._heap else None)
                call = heapq.heappop(self._heap)[2]
                self._running = True
            try:
                call()
            except Exception:
                traceback.print_exc(file=sys.stderr)
            self._running = False
