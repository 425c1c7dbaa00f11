"""Rotating the master key: every customer's data key wrapped anew by the newest one. What they seal is not touched."""

from collections.abc import Iterator

from django.db import transaction
from django.db.models import BinaryField, Func, QuerySet, Value

from oms.encryption import newest_master_key, rewrap
from oms.models import Customer

BATCH = 500


class KeyId(Func):
    """The number of the master key that wraps: the first byte."""

    template = "substring(%(expressions)s FROM 1 FOR 1)"
    output_field = BinaryField()


def wrapped_by_older() -> QuerySet[Customer]:
    """Customers whose key an older master key wraps. Erased ones have no key any more."""
    newest = Value(bytes([newest_master_key()]), output_field=BinaryField())
    return Customer.objects.exclude(wrapped_key=None).annotate(key_id=KeyId("wrapped_key")).exclude(key_id=newest)


def rotate() -> Iterator[int]:
    """Wrap anew, a batch per transaction; yield how many are done so far. Stopped half-way, the next run goes on.

    Raises Unreadable when a key is wrapped by a master key that is not in the keyring.
    """
    done = 0
    while batch := _one_batch():
        done += batch
        yield done


@transaction.atomic
def _one_batch() -> int:
    # Locked, so that an erasure meanwhile is never undone by writing its key back.
    customers = list(
        wrapped_by_older().select_for_update(no_key=True).only("ref", "wrapped_key").order_by("pk")[:BATCH]
    )
    for customer in customers:
        customer.wrapped_key = rewrap(customer.wrapped_key, customer.ref)
    Customer.objects.bulk_update(customers, ["wrapped_key"])
    return len(customers)
