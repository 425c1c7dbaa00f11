from typing import Any

from django.core.management.base import CommandError, CommandParser

from oms.encryption import Unreadable, newest_master_key
from oms.management.explained import ExplainedCommand
from oms.rotation import rotate, wrapped_by_older

EXAMPLE = """example:
  HOMEWARD_MASTER_KEYS=2:<new>,1:<old> manage.py rotate_keys

First put the new master key in front in HOMEWARD_MASTER_KEYS and restart everything; then run this. Stopped half-way,
the next run goes on. The last key of the list stays in it for good: stored webhooks are sealed under it.

exit codes: 0 done, 1 a key is wrapped by a master key that is not in the list, 2 usage, 3 the database is away"""


class Command(ExplainedCommand):
    help = "Wrap every customer's data key with the newest master key, so that an older one can be retired."
    example = EXAMPLE

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say how many would be wrapped anew, change nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        total, done = wrapped_by_older().count(), 0
        if not dry_run:
            try:
                for done in rotate():
                    self.stderr.write(f"{done:,} of {total:,}")
            except Unreadable as problem:
                raise CommandError(f"Not every key could be read: {problem}.", returncode=1) from None
        if options["json"]:
            answer = {"master_key": newest_master_key(), "found": total, "rewrapped": done, "dry_run": dry_run}
            self.write_json(answer)
        elif dry_run:
            self.stdout.write(f"{total:,} keys would be wrapped anew by master key {newest_master_key()}.")
        else:
            self.stdout.write(f"{done:,} keys wrapped anew by master key {newest_master_key()}.")
