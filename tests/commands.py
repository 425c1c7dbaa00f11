"""Commands as a person types them, in this process: the imports of a new one cost fifty times the work."""

import io
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout

import pytest
from django.core.management import execute_from_command_line


def manage(*arguments: str, given: str | bytes = "") -> subprocess.CompletedProcess[bytes]:
    """What `manage.py` answers to these words, with `given` on its standard input.

    It closes this process's connections as it ends: for commands that touch no database.
    """
    typed = io.TextIOWrapper(io.BytesIO(given.encode() if isinstance(given, str) else given))
    out, err = io.TextIOWrapper(io.BytesIO()), io.TextIOWrapper(io.BytesIO())
    code: object = 0
    with redirect_stdout(out), redirect_stderr(err), pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "stdin", typed)
        try:
            execute_from_command_line(["manage.py", *arguments])
        except SystemExit as ended:
            code = ended.code
    said = []
    for stream in (out, err):
        stream.flush()
        said.append(stream.buffer.getvalue())
    return subprocess.CompletedProcess(arguments, int(code or 0), *said)
