import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class StreamOwner(models.Model):
    """A thing whose life is told by events. Its row carries the head of its chain, so appending needs no SELECT."""

    stream_prefix = ""

    correlation = models.UUIDField(default=uuid.uuid4, editable=False)
    event_sequence = models.PositiveIntegerField(default=0, editable=False)
    event_hash = models.BinaryField(default=b"", editable=False)

    class Meta:
        abstract = True

    @property
    def stream(self) -> str:
        return f"{self.stream_prefix}/{self.number}"  # type: ignore[attr-defined]


class Stream(StreamOwner):
    """A stream without a row of its own elsewhere: log-ins, settings, policy, imports."""

    name = models.CharField(max_length=80, unique=True)

    def __str__(self) -> str:
        return self.name

    @property
    def stream(self) -> str:
        return self.name


class CurrentTransaction(models.Func):
    """The number of this transaction, as a plain integer: readers by watermark order by it."""

    template = "(pg_current_xact_id()::text::bigint)"
    output_field = models.BigIntegerField()


class Event(models.Model):
    """A fact, once recorded never changed: timeline, audit trail, cause of jobs and source of reports in one table.

    Each row carries the HMAC of itself and the previous row of its stream. The database refuses UPDATE and DELETE.
    `facts` hold ids, codes, quantities and amounts as strings; never personal data, never floats.
    """

    stream = models.CharField(max_length=80)
    sequence = models.PositiveIntegerField()
    name = models.CharField(max_length=60)
    actor = models.CharField(max_length=60)
    correlation = models.UUIDField()
    facts = models.JSONField(default=dict)
    occurred_at = models.DateTimeField()
    previous = models.BinaryField()
    hash = models.BinaryField()
    txid = models.BigIntegerField(db_default=CurrentTransaction(), editable=False)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        constraints = [models.UniqueConstraint(fields=["stream", "sequence"], name="event_once")]
        indexes = [
            # readers by watermark (facts, seals)
            models.Index(fields=["txid", "id"], name="event_watermark"),
        ]

    def __str__(self) -> str:
        return f"{self.stream}#{self.sequence}"


class Delivery(models.Model):
    """One job owed because of an event. Claimed by a lease, done once; the sweep sends overdue ones again."""

    event = models.ForeignKey(Event, models.PROTECT, related_name="deliveries", db_index=False)
    task = models.CharField(max_length=80)
    target = models.CharField(max_length=80, blank=True)
    queue = models.CharField(max_length=16)
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    dead_at = models.DateTimeField(null=True)  # given up: a person looks at it
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [models.UniqueConstraint(fields=["event", "task", "target"], name="delivery_once")]
        indexes = [
            # the sweep: what is owed and overdue
            models.Index(fields=["due_at"], name="delivery_owed", condition=Q(done_at=None, dead_at=None)),
        ]

    def __str__(self) -> str:
        return f"delivery {self.pk}"


class Seal(models.Model):
    """Root over all events up to a watermark: H(previous root, hashes in order), so a cut-off log shows."""

    txid = models.BigIntegerField()
    last_event_id = models.BigIntegerField()
    count = models.PositiveIntegerField()
    root = models.BinaryField()
    signature = models.BinaryField()
    sealed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"seal {self.pk}"


class Heartbeat(models.Model):
    """When a worker of this queue last did something: a stalled one shows in /healthz/deep."""

    queue = models.CharField(max_length=16, primary_key=True)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.queue
