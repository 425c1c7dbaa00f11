from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from oms import jobs
from oms.management.explained import ExplainedCommand
from oms.models import Delivery

SHOWN, MOST = 200, 100_000
ACTOR = "operator"
EXAMPLE = """examples:
  manage.py deliveries                 jobs owed and not done yet, the longest due first
  manage.py deliveries --dead          jobs given up after their last attempt
  manage.py deliveries --retry 4711    owe a job that was given up anew; the sweep rings for it
  manage.py deliveries --retry 4711 --dry-run

exit codes: 0 listed or owed anew, 1 refused (that job was not given up), 2 usage or no such job, 3 the database is
away"""


class Command(ExplainedCommand):
    help = "List the jobs that events still owe, or those given up, and have one of these run again."
    example = EXAMPLE

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--dead", action="store_true", help="list those given up")
        what.add_argument("--retry", type=int, metavar="ID", help="run this one again, from its first attempt")
        parser.add_argument("--limit", type=int, default=SHOWN, help=f"list at most so many (default {SHOWN})")
        parser.add_argument("--dry-run", action="store_true", help="with --retry: say what would be done")
        parser.add_argument("--json", action="store_true", help="print JSON: {count, deliveries}, or the one retried")

    def handle(self, *args: Any, dead: bool, retry: int | None, **options: Any) -> None:
        if options["dry_run"] and retry is None:
            raise CommandError("--dry-run goes with --retry.", returncode=2)
        if not 1 <= options["limit"] <= MOST:
            raise CommandError(f"--limit is a number from 1 to {MOST}.", returncode=2)
        if retry is not None:
            self._retry(retry, dry_run=options["dry_run"], as_json=options["json"])
        else:
            self._list(dead=dead, limit=options["limit"], as_json=options["json"])

    def _list(self, *, dead: bool, limit: int, as_json: bool) -> None:
        owed = Delivery.objects.filter(done_at=None, dead_at=None)
        found = Delivery.objects.exclude(dead_at=None) if dead else owed
        shown = found.select_related("event").order_by("due_at", "id")[:limit]
        count = found.count()
        if as_json:
            self.write_json({"count": count, "deliveries": [row(one) for one in shown]})
            return
        for line in _lines(list(shown)):
            self.stdout.write(line)
        words = "given up" if dead else "owed"
        self.stdout.write(f"{count:,} {words}" + (f", the first {limit:,} shown" if count > limit else ""))

    def _retry(self, pk: int, *, dry_run: bool, as_json: bool) -> None:
        delivery = Delivery.objects.select_related("event").filter(pk=pk).first()
        if delivery is None:
            raise CommandError(f"There is no delivery {pk}.", returncode=2)
        if delivery.dead_at is None:
            raise CommandError(f"Delivery {pk} was not given up; nothing to do.", returncode=1)
        if not dry_run:
            delivery = jobs.run_again(pk, by=ACTOR, at=timezone.now())
        if as_json:
            self.write_json(row(delivery) | {"dry_run": dry_run})
        else:
            words = "would run" if dry_run else "runs"
            self.stdout.write(f"{delivery.task} after {delivery.event.name} ({delivery.event}) {words} again.")


def row(one: Delivery) -> dict[str, Any]:
    return {
        "id": one.pk,
        "event": one.event.name,
        "of": str(one.event),
        "job": one.task,
        "queue": one.queue,
        "due_at": one.due_at.isoformat(),
        "attempts": one.attempts,
        "error": one.error,
        "given_up_at": one.dead_at.isoformat() if one.dead_at else None,
    }


def _lines(deliveries: list[Delivery]) -> Iterator[str]:
    if not deliveries:
        return
    rows = [("id", "due", "queue", "attempts", "job", "event", "error")]
    for one in deliveries:
        due = f"{one.due_at:%Y-%m-%d %H:%M:%S}Z"
        rows.append(
            (str(one.pk), due, one.queue, str(one.attempts), one.task, f"{one.event.name} of {one.event}", one.error)
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for texts in rows:
        yield "  ".join(text.ljust(width) for text, width in zip(texts, widths, strict=True)).rstrip()
