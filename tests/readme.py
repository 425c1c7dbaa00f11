"""The parts of README.md that commands write. `python -m tests.readme` brings them up to date; a test compares them.

Between `<!-- generated: COMMAND … -->` and `<!-- end -->` stands what `manage.py COMMAND …` prints.
"""

import io
import os
import re
from pathlib import Path

import django
from django.core.management import call_command

README = Path(__file__).resolve().parent.parent / "README.md"
BLOCK = re.compile(r"(<!-- generated: (?P<command>[^>]+?) -->\n)(?P<text>.*?)(<!-- end -->)", re.DOTALL)


def printed(command: str) -> str:
    out = io.StringIO()
    call_command(*command.split(), stdout=out)
    return f"\n{out.getvalue().strip()}\n\n"


def blocks() -> dict[str, str]:
    """Command → the text that stands in the README."""
    return {found["command"]: found["text"] for found in BLOCK.finditer(README.read_text())}


def refresh() -> None:
    text = BLOCK.sub(lambda found: found[1] + printed(found["command"]) + found[4], README.read_text())
    README.write_text(text)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "oms.settings")
    django.setup()
    refresh()
