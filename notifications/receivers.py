"""Which job follows which event."""

from notifications import catalogue, tasks
from oms.outbox import subscribe

for event in catalogue.EVENTS:
    subscribe(event, tasks.write_messages, queue="mail", quick=True)
