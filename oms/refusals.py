"""What it means when a verb says no.

A refusal is an exception named as a sentence. It carries a stable `code` and the sentence people read; the boundary
(view, task, command) shows it and records it after the rollback with `outbox.record_refusal`.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _


class Refused(Exception):
    """Base of every refusal. `code` is stable; `str()` is a sentence in the reader's language."""

    code = "refused"
    sentence = _("That is not possible.")

    def __init__(self, **facts: Any) -> None:
        super().__init__(self.code)
        self.facts = facts

    def __str__(self) -> str:
        return str(self.sentence) % self.facts if self.facts else str(self.sentence)
