"""What the README says of the code is read from the code (design: status tables, jobs, roles)."""

import re

import pytest
from django.core.management import get_commands

from tests.readme import README, blocks, printed

ROOT = README.parent
TEXT = README.read_text()
GENERATED = ("state_diagram", "jobs", "roles --markdown")
PATH = re.compile(r"`((?:oms|inventory|returns|refunds|notifications|reporting|templates|tests|bin|docs)/[\w./-]*)")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")


def test_the_generated_parts_are_there() -> None:
    assert tuple(blocks()) == GENERATED


@pytest.mark.parametrize("command", GENERATED)
def test_a_generated_part_is_what_its_command_prints(command: str) -> None:
    """If this fails, `python -m tests.readme` brings the README up to date."""
    assert blocks()[command] == printed(command)


def test_every_file_named_exists() -> None:
    named = {found.rstrip("/") for found in PATH.findall(TEXT)} | set(LINK.findall(TEXT))
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_every_command_named_exists() -> None:
    section = TEXT.split("## Commands")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `") and "manage.py" not in line]
    named = {words.split()[0] for row in rows for words in re.findall(r"`([a-z_][\w -]*)", row)}
    assert named - set(get_commands()) == set()


def test_the_arrow_is_the_one_that_is_enforced() -> None:
    layers = re.search(r"^layers = \[(.+)\]$", (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert layers is not None
    assert f"    {' → '.join(re.findall(r'\"(\w+)\"', layers[1]))}\n" in TEXT


def test_the_picture_is_small() -> None:
    pictures = [path for path in LINK.findall(TEXT) if path.endswith((".webp", ".png"))]
    assert pictures == ["docs/homeward.webp"]
    assert (ROOT / pictures[0]).stat().st_size <= 300_000
