"""Who has not posted a return is reminded once, as long before the end as the policy says."""

from datetime import timedelta

import pytest
from django.utils import timezone

from notifications.models import Message
from returns import tasks
from returns.models import RMA, Parcel
from tests.builders import a_return, an_order
from tests.jobs import run_jobs
from tests.policies import a_rule

pytestmark = pytest.mark.django_db


def ending_in(days: float) -> RMA:
    now = timezone.now()
    order = an_order(
        placed_at=now - timedelta(days=5), shipped_at=now - timedelta(days=4), delivered_at=now - timedelta(days=2)
    )
    rma = a_return(order, at=now)
    RMA.objects.filter(pk=rma.pk).update(expires_at=now + timedelta(days=days))
    return rma


@pytest.mark.parametrize(("days", "told"), [(2.9, 1), (3.1, 0), (-1, 0)])
def test_three_days_before_unless_the_policy_says_otherwise(days: float, told: int) -> None:
    ending_in(days)
    assert [tasks.remind_soon(), tasks.remind_soon()] == [told, 0]
    run_jobs("mail")
    assert Message.objects.filter(template="reminder").count() == told


def test_the_policy_says_when() -> None:
    a_rule("expires_after", days=14, remind_days=7)
    ending_in(6.9)
    ending_in(7.1)
    assert tasks.remind_soon() == 1


def test_what_is_on_its_way_needs_no_reminder() -> None:
    rma = ending_in(1)
    Parcel.objects.filter(rma=rma).update(shipped_at=timezone.now())
    assert tasks.remind_soon() == 0
