"""Status tables as data: who may do what from where, checked when the program starts.

`Machine.check` guards a verb, `Machine.verbs_for` renders its button: they read the same rows, so they cannot
disagree. `manage.py state_diagram` prints the table as a picture.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.checks import Error
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from oms.refusals import Refused

CREATED = ""  # the state before a thing exists


class TransitionRefused(Refused):
    code = "transition_refused"
    sentence = _("“%(verb)s” is not possible while this is “%(status)s”.")


@dataclass(frozen=True)
class Transition:
    """One row: `verb` leads from any of `sources` to `target`; `roles` may call it (empty: only the system)."""

    verb: str
    sources: tuple[str, ...]
    target: str
    roles: tuple[str, ...] = ()


class Machine:
    """The table of one status column.

    `states` is a TextChoices; its states without a way out must be named in `terminal`.
    """

    registry: list["Machine"] = []

    def __init__(
        self, name: str, states: type[TextChoices], transitions: Iterable[Transition], terminal: Iterable[str]
    ) -> None:
        self.name = name
        self.states = states
        self.transitions = tuple(transitions)
        self.terminal = frozenset(str(state) for state in terminal)
        self._targets = {
            (row.verb, source, row.target) for row in self.transitions for source in (row.sources or (CREATED,))
        }
        self._allowed = {(verb, source) for verb, source, _ in self._targets}
        Machine.registry.append(self)

    def check(self, verb: str, source: str, target: str | None = None) -> None:
        """Raise TransitionRefused unless the table has this row."""
        allowed = (verb, source) in self._allowed if target is None else (verb, source, target) in self._targets
        if not allowed:
            label = self.states(source).label if source else _("not there yet")
            raise TransitionRefused(verb=verb, status=label)

    def allows(self, verb: str, source: str) -> bool:
        return (verb, source) in self._allowed

    def verbs_for(self, source: str, role: str) -> list[str]:
        """Return the verbs this role may call now, in table order, each once."""
        verbs = [row.verb for row in self.transitions if source in row.sources and role in row.roles]
        return list(dict.fromkeys(verbs))

    def problems(self) -> list[str]:
        """Unknown states, states nothing leads to, and dead ends that were not declared."""
        known = {str(value) for value in self.states.values}
        named = {state for row in self.transitions for state in (*row.sources, row.target)} - {CREATED}
        reached = {row.target for row in self.transitions}
        left = {source for row in self.transitions for source in row.sources}
        found = [f"unknown state {state!r}" for state in sorted(named - known)]
        found += [f"nothing leads to {state!r}" for state in sorted(known - reached)]
        found += [f"{state!r} has no way out and is not terminal" for state in sorted(known - left - self.terminal)]
        return found

    def mermaid(self) -> str:
        lines = ["stateDiagram-v2"]
        for row in self.transitions:
            lines += [f"    {source or '[*]'} --> {row.target}: {row.verb}" for source in (row.sources or ("[*]",))]
        lines += [f"    {state} --> [*]" for state in self.states.values if state in self.terminal]
        return "\n".join(lines)


def check_machines(**_kwargs: Any) -> list[Error]:
    """System check `oms.E010`: every status table is complete."""
    return [
        Error(f"Status table {machine.name}: {problem}", id="oms.E010")
        for machine in Machine.registry
        for problem in machine.problems()
    ]
