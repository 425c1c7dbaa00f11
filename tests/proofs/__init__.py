"""The figures the product is held to, each a module that anyone can run: `bin/prove K2`.

A proof is a file named after its figure (`k2.py`) with a docstring whose first line says what it shows, and

    SMALL, FULL = 10, 200                               # its sizes; what they count, the docstring says
    def run(size: int, progress: Progress) -> dict:     # numbers by name, among them `passed`: bool

It runs with Django set up on an empty, migrated, throw-away database, with a broker beside it; `progress(done, total)`
moves the bar. Processes it starts get `tests.processes.child_environment()`. `bin/test` runs every proof at SMALL:
in a process of its own or, where it needs no servers, by a `test_k9.py` beside it.
"""

from collections.abc import Callable

Progress = Callable[[int, int], None]
