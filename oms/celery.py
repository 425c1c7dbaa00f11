"""The Celery application and the timetable of what runs by the clock."""

import gc
import os
from importlib import import_module

from celery import Celery, signals
from celery.schedules import crontab
from django.db import close_old_connections

import oms.broker
import oms.embedded.connections  # noqa: F401 - these name the transports of the brokers

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "oms.settings")

app = Celery("homeward")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


NICENESS = 5  # a third of what a page gets
# The vendors' own clients.
CLIENTS = ("easypost.easypost_client", "httpx", "stripe")


@signals.worker_init.connect
def yield_to_pages(**_kwargs: object) -> None:
    """Work in the background lets people who wait for a page go first where both want the processor."""
    os.nice(NICENESS)


@signals.worker_init.connect
def import_clients(**_kwargs: object) -> None:
    """Before a worker forks, so that its children share them: each would spend a second on its first call."""
    for name in CLIENTS:
        import_module(name)
    gc.freeze()  # what is loaded by now stays, so children neither search nor copy it


@signals.task_prerun.connect
def drop_dead_sessions(**_kwargs: object) -> None:
    """As Django does before a request: a session that the server has ended meanwhile is not used again."""
    close_old_connections()


# A round that no worker took within its interval is dropped: the next one does the same.
app.conf.beat_schedule = {
    # Jobs whose message was lost, or whose worker died, are sent again.
    "sweep": {"task": "oms.tasks.sweep", "schedule": 10.0, "options": {"expires": 10}},
    # One beat per queue, so that /healthz/deep can name a stalled worker.
    "heartbeat": {"task": "oms.tasks.send_heartbeats", "schedule": 10.0, "options": {"expires": 10}},
    # New events are rooted in a signed seal, so that a cut-off log shows.
    "seal": {"task": "oms.tasks.seal_events", "schedule": 3600.0, "options": {"expires": 3600}},
    # Refunds the provider has not answered are looked up, never blindly repeated.
    "poll_refunds": {"task": "refunds.tasks.poll_pending", "schedule": 60.0, "options": {"expires": 60}},
    # Store credit past its day is no longer owed.
    "expire_store_credit": {
        "task": "refunds.tasks.expire_store_credit",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    # Who has store credit that soon ends is told.
    "remind_of_store_credit": {
        "task": "refunds.tasks.remind_of_store_credit",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    # Payment pages whose message never came are asked for.
    "poll_payment_links": {"task": "refunds.tasks.poll_payment_links", "schedule": 60.0, "options": {"expires": 60}},
    # Parcels whose webhook never came are asked for.
    "poll_parcels": {"task": "returns.tasks.poll_parcels", "schedule": 900.0, "options": {"expires": 900}},
    # Labels that were paid for and never used go back to their carriers.
    "find_leaks": {
        "task": "returns.tasks.find_leaks",
        "schedule": crontab(hour="4", minute="40"),
        "options": {"expires": 3600, "queue": "long"},
    },
    # What labels cost stands in the books.
    "book_labels": {
        "task": "returns.tasks.book_labels",
        "schedule": 900.0,
        "options": {"expires": 900, "queue": "long"},
    },
    # Parcels nobody says anything about are late.
    "find_delays": {
        "task": "returns.tasks.find_delays",
        "schedule": crontab(hour="6", minute="20"),
        "options": {"expires": 3600},
    },
    # The same photo in another claim shows.
    "compare_photos": {
        "task": "returns.tasks.compare_photos",
        "schedule": 60.0,
        "options": {"expires": 60, "queue": "long"},
    },
    # Who has not posted a return is reminded before it runs out.
    "remind_soon": {"task": "returns.tasks.remind_soon", "schedule": 3600.0, "options": {"expires": 3600}},
    # Returns never posted run out.
    "expire_returns": {"task": "returns.tasks.expire_overdue", "schedule": 3600.0, "options": {"expires": 3600}},
    # What was set aside for too long is let go, and what ran short leaves when it is there again.
    "look_after_dispatches": {
        "task": "returns.tasks.look_after_dispatches",
        "schedule": 900.0,
        "options": {"expires": 900},
    },
    # Links asked for past the limit of lookups are mailed.
    "mail_links": {"task": "returns.tasks.mail_links", "schedule": 10.0, "options": {"expires": 10}},
    # Messages due (surveys, reminders) go out.
    "send_due_messages": {"task": "notifications.tasks.send_due", "schedule": 30.0, "options": {"expires": 30}},
    # Comparisons under way go on, whoever was working on them.
    "reconcile": {"task": "refunds.tasks.reconcile", "schedule": 15.0, "options": {"expires": 15, "queue": "long"}},
    # Whether money is conserved, once a night.
    "watch_conservation": {
        "task": "refunds.tasks.watch_conservation",
        "schedule": crontab(hour="2", minute="50"),
        "options": {"expires": 3600, "queue": "long"},
    },
    # Whether every stock level is the sum of its movements, once a night.
    "check_stock": {
        "task": "inventory.tasks.check_stock",
        "schedule": crontab(hour="3", minute="10"),
        "options": {"expires": 3600, "queue": "long"},
    },
    # What runs low and what piles up: managers are told in the morning, when it changed.
    "tell_of_stock": {
        "task": "reporting.tasks.tell_of_stock",
        "schedule": crontab(hour="5", minute="40"),
        "options": {"expires": 3600, "queue": "long"},
    },
    # Our refunds beside the books of the providers and the accounting, once a night.
    "reconcile_nightly": {
        "task": "refunds.tasks.reconcile_nightly",
        "schedule": crontab(hour="2", minute="20"),
        "options": {"expires": 3600},
    },
}
