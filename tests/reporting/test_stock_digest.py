"""Managers are told once a day what runs low and what piles up, each in one mail, and only when it changed (R81)."""

from datetime import timedelta

import pytest
from django.conf import settings

from inventory import ledger, limits
from inventory.models import Bin
from inventory.states import BinKind
from notifications.models import Message
from notifications.states import Audience
from oms.models import Event, Product, User
from oms.roles import Role
from reporting import stock_digest
from tests.builders import NOON
from tests.jobs import run_jobs

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
TOLD = {"by": "user:7", "at": NOON}


def a_manager(name: str) -> User:
    return User.objects.create_user(email=f"{name}@shop.example", name=name, role=Role.MANAGER)


def on_shelf(sku: str, pieces: int, *, cause: str = "opening") -> Product:
    product, _made = Product.objects.get_or_create(sku=sku, defaults={"title": f"{sku} of blue glass"})
    shelf = Bin.objects.filter(kind=BinKind.SHELF)[0]
    ledger.adjust(shelf, product, pieces, cause=f"{cause}/{sku}", **TOLD)
    return product


def mails() -> list[Message]:
    run_jobs()
    return list(Message.objects.order_by("pk"))


def test_each_manager_gets_one_mail_and_none_while_nothing_changes() -> None:
    ada, ben = a_manager("ada"), a_manager("ben")
    User.objects.create_user(email="dov@shop.example", name="dov", role=Role.DOCK)
    User.objects.create_user(email="gone@shop.example", name="gone", role=Role.MANAGER, is_active=False)
    on_shelf("MUG", 2)
    on_shelf("JUG", 90)
    assert stock_digest.tell(now=NOON) == []  # without limits there is nothing to say
    limits.set_limit(low=5, high=50, **TOLD)
    stock_digest.tell(now=NOON)
    stock_digest.tell(now=NOON + DAY)
    sent = mails()
    assert [(one.recipient, one.template, one.audience) for one in sent] == [
        (ada.email, "stock_digest", Audience.STAFF),
        (ben.email, "stock_digest", Audience.STAFF),
    ]
    for part in (sent[0].html, sent[0].text):
        missing = [words for words in ("Hello ada,", "MUG of blue glass", "JUG of blue glass") if words not in part]
        assert missing == []
    assert "- MUG MUG of blue glass\n  free 2, soon 0, limit 5" in sent[0].text
    assert f"{settings.PUBLIC_URL}/stock/soon/" in sent[0].text
    assert len(sent[0].html.encode()) <= 40_000
    assert [line for line in sent[0].text.splitlines() if len(line) > 72 and "://" not in line] == []


def test_what_is_new_and_what_is_well_again_is_said_the_next_day() -> None:
    a_manager("ada")
    limits.set_limit(low=5, high=None, **TOLD)
    on_shelf("MUG", 2)
    on_shelf("JUG", 3)
    stock_digest.tell(now=NOON)
    on_shelf("MUG", 20, cause="delivery")
    on_shelf("CUP", 1)
    stock_digest.tell(now=NOON + DAY)
    text = mails()[-1].text
    assert "Well again: MUG" in text
    assert [line for line in text.splitlines() if line.startswith("- ")] == [
        "- CUP CUP of blue glass (new)",
        "- JUG JUG of blue glass",
    ]
    on_shelf("CUP", 9, cause="delivery")
    on_shelf("JUG", 9, cause="delivery")
    stock_digest.tell(now=NOON + 2 * DAY)
    assert "Nothing runs low or piles up any more" in mails()[-1].text
    assert stock_digest.tell(now=NOON + 3 * DAY) == []


def test_a_manager_who_left_before_the_mail_was_written_is_told_nothing() -> None:
    ada = a_manager("ada")
    limits.set_limit(low=5, high=None, **TOLD)
    on_shelf("MUG", 2)
    stock_digest.tell(now=NOON)
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert [(one.recipient, one.status) for one in mails()] == [("", "withheld")]
    assert Event.objects.filter(name=limits.TOLD).count() == 1
