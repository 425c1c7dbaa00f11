"""Events of what happened before: the same chain as `oms.outbox.record`, written in bulk, owing nobody a job.

Only for imports and made data. The caller writes the owner's row with the head that `tell` returns.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from oms import bulk
from oms.outbox import GENESIS, chain_hash, check_facts

COLUMNS = "stream,sequence,name,actor,correlation,facts,occurred_at,previous,hash"


@dataclass(slots=True)
class PastEvent:
    """What the chain's hash covers, without the cost of a model instance."""

    stream: str
    sequence: int
    name: str
    actor: str
    correlation: UUID
    facts: dict[str, Any]
    occurred_at: datetime
    previous: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """Where a stream stands: `event_sequence` and `event_hash` of its owner."""

    sequence: int = 0
    hash: bytes = GENESIS


START = Head()


class History:
    """Collects events of any streams; `record_history` writes them."""

    def __init__(self) -> None:
        self.rows: list[str] = []

    def tell(
        self, stream: str, name: str, *, correlation: UUID, by: str, at: datetime, head: Head = START, **facts: Any
    ) -> Head:
        """Append one event after `head` and return the new head. Facts are checked as `outbox.record` does."""
        check_facts(name, facts)
        at = at.astimezone(UTC)
        event = PastEvent(stream, head.sequence + 1, name, by, correlation, facts, at, head.hash)
        digest = chain_hash(event)  # type: ignore[arg-type]
        self.rows.append(
            "\t".join(
                (
                    bulk.text(stream),
                    str(event.sequence),
                    name,
                    bulk.text(by),
                    str(correlation),
                    bulk.text(json.dumps(facts, ensure_ascii=False)),
                    at.isoformat(),
                    bulk.hexed(head.hash),
                    bulk.hexed(digest),
                )
            )
        )
        return Head(event.sequence, digest)


def record_history(history: History) -> int:
    """Write the collected events with one COPY, no deliveries; return how many. Run it in the owners' transaction."""
    count = len(history.rows)
    bulk.copy("oms_event", COLUMNS, history.rows)
    history.rows.clear()
    return count
