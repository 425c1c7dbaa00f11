#!/usr/bin/env python
import os
import select
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import InterfaceError, OperationalError

from oms.embedded import EmbeddedError

USAGE, AWAY = 2, 3
STOPPED = 130  # what a shell says of a program that Ctrl-C has ended


def main() -> int:
    """Run a command of ours or of Django; what ends it from outside is said in a sentence, with an exit code."""
    try:
        try:
            execute_from_command_line(sys.argv)
        finally:  # also after a refusal, which exits
            sys.stdout.flush()
    except BrokenPipeError:
        if not reader_has_gone():
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing is left to fail at the exit
        return AWAY
    except KeyboardInterrupt:
        return STOPPED
    except EmbeddedError as problem:
        return said(str(problem), AWAY)
    except (OperationalError, InterfaceError) as problem:
        return said(f"The database cannot be reached: {problem}", AWAY)
    except ImproperlyConfigured as problem:
        return said(str(problem), USAGE)
    return 0


def reader_has_gone() -> bool:
    """Whether whoever reads what we print has seen enough, as `head` does."""
    output = select.poll()
    output.register(sys.stdout, 0)
    return any(what & (select.POLLERR | select.POLLHUP) for _, what in output.poll(0))


def said(words: str, code: int) -> int:
    sys.stderr.write(f"{words.strip()}\n")
    return code


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "oms.settings")
    sys.exit(main())
