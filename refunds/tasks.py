"""What refunds do after an event, and by the clock."""

import logging
import time
from contextlib import suppress
from datetime import timedelta
from typing import Any

from celery import shared_task
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from kombu.exceptions import OperationalError

from oms import outbox
from oms.models import Event
from oms.refusals import Refused
from refunds import lifecycle, payment_links, protocol, webhooks
from refunds.conservation.watching import watch
from refunds.gateways.base import GatewayError
from refunds.models import PaymentLink, ReconciliationRun, Refund, StoreCredit, StoreCreditGrant
from refunds.pricing import price_return
from refunds.reconciliation import nightly, working
from refunds.reconciliation.states import RunStatus
from refunds.refusals import NotOurs
from refunds.states import LinkStatus, RefundStatus
from returns import lifecycle as returns

logger = logging.getLogger(__name__)


ASK_FIRST_AFTER = timedelta(seconds=45)
ASK_AT_LEAST_EVERY = timedelta(hours=6)
ASK_AT_ONCE = 20
ASK_ELSEWHERE_AT_ONCE = 3
EXPIRE_AT_ONCE = 500  # the rest an hour later
ASK_FOR_SECONDS = 8  # one more call may take its full time-out before the task's hard limit


def _number(event: Event) -> str:
    return event.stream.partition("/")[2]


def request_refund(event: Event) -> None:
    """What the return is owed by now is asked for, or the return is concluded."""
    try:
        with transaction.atomic():
            lifecycle.request_for_return(_number(event), by=event.actor, at=timezone.now())
    except Refused as refused:  # a person sees the return as due
        _note(refused, "request_for_return", event)


def bring_back(event: Event) -> None:
    """A parcel that was not delivered comes back: the dock expects it, at the price that is paid on receipt."""
    returns.bring_back(_number(event), price=price_return, by="system", at=timezone.now())


def request_cancellation(event: Event) -> None:
    """Canceled units are paid back without a return."""
    try:
        with transaction.atomic():
            lifecycle.request_for_cancellation(_number(event), event.facts["claims"], by=event.actor, at=timezone.now())
    except Refused as refused:
        _note(refused, "request_for_cancellation", event)


def _note(refused: Refused, verb: str, event: Event) -> None:
    logger.warning("%s after %s: %s", verb, event, refused.code)
    outbox.record_refusal(refused, verb=verb, subject=event.stream, by="system", at=timezone.now())


def submit_refund(event: Event) -> None:
    """An approved refund goes to the provider."""
    if event.facts.get("status") != RefundStatus.AWAITING_APPROVAL:
        protocol.carry_out(_number(event), by="system", now=timezone.now)


def close_payment_link(event: Event) -> None:
    """dispatch.canceled → what is not to be paid any more cannot be paid any more."""
    order = event.facts["order"]
    for link in PaymentLink.objects.filter(order__number=order, status=LinkStatus.OPEN):
        payment_links.close(link, now=timezone.now)


def process_webhook(event: Event) -> None:
    """A stored message of a payment provider is taken from the table."""
    if event.facts["provider"] in webhooks.PROVIDERS:
        webhooks.process(event.facts["external_id"], provider=event.facts["provider"])


@shared_task
def watch_conservation(**_kwargs: Any) -> int:
    """Look whether money is conserved, and keep what was seen. Returns how much drifts."""
    return watch(by="system", at=timezone.now()).drifting


def watch_after(event: Event) -> None:
    """Somebody asked for a look. Asked twice, it is two looks."""
    watch(by=event.actor, at=timezone.now())


@shared_task
def poll_pending(**_kwargs: Any) -> int:
    """Ask about refunds the provider has not answered: young ones often, old ones every few hours; then about those
    that somebody made past us and only the nightly comparison saw. Returns how many."""
    now = timezone.now()
    # Asked again once a tenth of its age has passed since the last time.
    due = Refund.objects.filter(status__in=RefundStatus.unanswered(), submitted_at__lt=now - ASK_FIRST_AFTER).filter(
        Q(looked_up_at=None)
        | Q(looked_up_at__lt=now - ASK_AT_LEAST_EVERY)
        | Q(looked_up_at__lt=now - (now - F("submitted_at")) / 10)
    )
    asked, give_up_at = 0, time.monotonic() + ASK_FOR_SECONDS
    for refund in due.select_related("payment").order_by(F("looked_up_at").asc(nulls_first=True), "pk")[:ASK_AT_ONCE]:
        try:
            protocol.look_up(refund, now=timezone.now)
        except (GatewayError, NotOurs, Refused) as problem:
            logger.warning("refund %s is still open: %s", refund.number, getattr(problem, "code", ""))
        asked += 1
        if time.monotonic() > give_up_at:
            return asked
    return asked + protocol.find_made_elsewhere(now=timezone.now, limit=ASK_ELSEWHERE_AT_ONCE)


@shared_task
def remind_of_store_credit(**_kwargs: Any) -> int:
    """Who has credit that soon ends is told, an account at a time. Returns how many were."""
    now = timezone.now()
    ending = StoreCreditGrant.objects.ending_soon(now).order_by("account")
    told = 0
    for number in ending.values_list("account__number", flat=True).distinct()[:EXPIRE_AT_ONCE]:
        told += bool(lifecycle.remind_of_credit(number, by="system", at=now))
    return told


@shared_task
def expire_store_credit(**_kwargs: Any) -> int:
    """Credit past its day is no longer owed, an account at a time. Returns of how many."""
    now = timezone.now()
    left = F("grants__used") + F("grants__authorized")
    overdue = StoreCredit.objects.filter(grants__expires_at__lte=now, grants__amount__gt=left).distinct()
    expired = 0
    for number in overdue.order_by("pk").values_list("number", flat=True)[:EXPIRE_AT_ONCE]:
        expired += lifecycle.expire_credit(number, by="system", at=now) is not None
    return expired


def begin_reconciliation(event: Event) -> None:
    """A comparison was asked for: the next chunk of the oldest one is done now."""
    reconcile()


@shared_task
def reconcile(**_kwargs: Any) -> bool:
    """One chunk of the oldest reconciliation; what is left rings for itself. The timetable rings too, should that fail.

    Returns whether there was something to do.
    """
    if not working.work(now=timezone.now):
        return False
    if ReconciliationRun.objects.filter(status__in=RunStatus.live()).exists():
        with suppress(OperationalError):  # the broker is away
            reconcile.apply_async(queue="long")
    return True


@shared_task
def reconcile_nightly(**_kwargs: Any) -> int:
    """Ask for tonight's comparisons. Returns how many."""
    return len(nightly.ask_tonight(now=timezone.now()))


@shared_task
def poll_payment_links(**_kwargs: Any) -> int:
    """Payment pages whose message never came are asked for. Returns how many answered."""
    return payment_links.poll(now=timezone.now, limit=ASK_AT_ONCE)
