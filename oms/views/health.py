"""What a load balancer and a monitor ask: is the web process up, and is everything behind it?"""

import logging
from collections.abc import Callable

from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError

from inventory import checking
from oms import heartbeat
from oms.access import public
from oms.celery import app

logger = logging.getLogger(__name__)


@public
@require_safe
@never_cache
def live(request: HttpRequest) -> JsonResponse:
    """Answer at once and touch nothing: the process serves."""
    return JsonResponse({"status": "ok"})


@public
@require_safe
@never_cache
def deep(request: HttpRequest) -> JsonResponse:
    """Ask the database, the broker and every queue's worker; 503 with the names of the parts that do not answer.

    A queue is stalled when no worker has carried out a heartbeat of it for 30 seconds, whatever the worker says of
    itself. `stock` says when it was last looked at whether stock is the sum of its movements (null: never) and whether
    it was; where it was not, that fails too. Names only: an outsider learns no address and no error text.
    """
    failing = [name for name, works in CHECKS.items() if not works()]
    stock: dict[str, object] = {"checked_at": None, "adds_up": None}
    if "database" not in failing:
        failing += [f"queue {name}" for name in heartbeat.stalled(settings.QUEUES, at=timezone.now())]
        if seen := checking.newest():
            stock = {"checked_at": seen.ran_at.isoformat(timespec="seconds"), "adds_up": not seen.wrong}
            failing += ["stock"] if seen.wrong else []
    body = {"status": "failing" if failing else "ok", "failing": failing, "stock": stock}
    return JsonResponse(body, status=503 if failing else 200)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        logger.exception("health: the database does not answer")
        return False
    return True


def _broker_answers() -> bool:
    try:
        with app.connection_for_write() as broker:
            broker.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=1)
    except (OperationalError, OSError, *_broker_errors()) as error:
        logger.warning("health: the broker does not answer (%s)", type(error).__name__)
        return False
    return True


def _broker_errors() -> tuple[type[Exception], ...]:
    """Return what a broken connection raises; it depends on the kind of broker."""
    with app.connection_for_write() as broker:
        return (*broker.connection_errors, *broker.channel_errors)


CHECKS: dict[str, Callable[[], bool]] = {"database": _database_answers, "broker": _broker_answers}
