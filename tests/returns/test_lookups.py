"""Finding an order: neutral, even, and never shut for who has the right data (p42, S4)."""

import time
from datetime import timedelta
from math import sqrt
from statistics import mean, variance
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from oms.models import Event
from returns import lookups
from returns.models import LinkRequest, LookupAttempt, ReturnDraft
from tests.builders import NOON, a_customer, an_order

HOME = "203.0.113.7"


def ask(number: str, proof: str, *, address: str = HOME, at: Any = NOON) -> lookups.Answer:
    return lookups.look_up(number, proof, address=address, at=at)


@pytest.mark.django_db
@pytest.mark.parametrize("proof", ["sam@example.test", " SAM@Example.TEST ", "LE1 5AA", "le15aa"])
def test_an_email_or_a_postcode_opens_the_order(proof: str) -> None:
    order = an_order()
    answer = ask(order.number, proof)
    assert answer.draft is not None
    assert answer.draft.order == order


@pytest.mark.django_db
@pytest.mark.parametrize("proof", ["max@example.test", "LE1 5AB", "", "\x00", "Sam Shopper", "0" * 300])
def test_other_details_open_nothing(proof: str) -> None:
    order = an_order()
    assert ask(order.number, proof) == lookups.Answer()
    assert ReturnDraft.objects.count() == 0


@pytest.mark.django_db
def test_a_stranger_with_an_order_of_their_own_opens_only_that() -> None:
    mine = an_order(customer=a_customer(email="mallory@example.test", postcode="M1 1AA"))
    theirs = an_order()
    assert ask(theirs.number, "mallory@example.test") == lookups.Answer()
    assert ask(mine.number, "mallory@example.test").draft is not None


@pytest.mark.django_db
def test_absent_and_foreign_orders_cost_the_same_statements() -> None:
    order = an_order()
    statements = []
    for number in ("NO-SUCH", order.number):
        with CaptureQueriesContext(
            connection,
        ) as captured:
            ask(number, "max@example.test", address=f"198.51.100.{len(statements)}")
        statements.append([query["sql"].split()[0] for query in captured])
    assert statements[0] == statements[1] == ["INSERT", "SELECT"]


@pytest.mark.django_db
def test_the_same_order_again_continues_the_same_draft_until_it_is_a_week_old() -> None:
    order = an_order()
    first = ask(order.number, "LE1 5AA").draft
    assert ask(order.number, "sam@example.test", at=NOON + timedelta(hours=2)).draft == first
    assert ask(order.number, "sam@example.test", at=NOON + timedelta(days=8)).draft != first


@pytest.mark.django_db
def test_ten_thousand_guesses_are_not_judged() -> None:
    """A scaled-down S4: past the limit nothing tells right from wrong."""
    order = an_order()
    judged = [ask(order.number, f"guess-{n}@example.test", address=f"10.0.{n // 250}.{n % 250}") for n in range(60)]
    assert [answer.mailed for answer in judged].count(False) == lookups.TRIES_PER_ORDER
    assert ask(order.number, "sam@example.test", address="10.9.9.9") == lookups.Answer(mailed=True)


@pytest.mark.django_db
def test_one_address_trying_many_orders_is_slowed_too() -> None:
    answers = [ask(f"N{n}", "sam@example.test") for n in range(40)]
    assert [answer.mailed for answer in answers].count(False) == lookups.TRIES_PER_ADDRESS


@pytest.mark.django_db
def test_right_answers_do_not_use_up_the_tries() -> None:
    order = an_order()
    assert all(ask(order.number, "LE1 5AA").draft for _time in range(30))


@pytest.mark.django_db
def test_the_next_hour_starts_anew() -> None:
    order = an_order()
    for n in range(lookups.TRIES_PER_ORDER + 1):
        ask(order.number, f"guess-{n}")
    assert ask(order.number, "LE1 5AA").mailed
    assert ask(order.number, "LE1 5AA", at=NOON + timedelta(hours=1)).draft is not None


@pytest.mark.django_db
def test_past_the_limit_the_owner_gets_one_mail_and_the_guesser_none() -> None:
    order, other = an_order(), an_order()
    for n in range(lookups.TRIES_PER_ORDER):
        ask(order.number, f"guess-{n}", address=f"10.0.0.{n}")
        ask(other.number, f"guess-{n}", address=f"10.0.1.{n}")
    for proof in ("sam@example.test", "LE1 5AA", "sam@example.test"):
        ask(order.number, proof, address="10.0.2.1")
    ask(other.number, "wrong", address="10.0.2.2")

    assert lookups.mail_links(at=NOON) == 1
    assert lookups.mail_links(at=NOON) == 0

    asked = Event.objects.get(name="portal.link_asked")
    draft = ReturnDraft.objects.get()
    assert asked.stream == order.stream
    assert asked.facts == {"draft": draft.pk}
    assert draft.order == order
    assert LinkRequest.objects.count() == 0


@pytest.mark.django_db
def test_a_flood_of_right_details_is_one_mail_in_ten_minutes() -> None:
    order = an_order()
    for n in range(lookups.TRIES_PER_ORDER):
        ask(order.number, f"guess-{n}")
    for minute in (0, 3, 9, 10):
        ask(order.number, "LE1 5AA")
        lookups.mail_links(at=NOON + timedelta(minutes=minute))
    assert Event.objects.filter(name="portal.link_asked").count() == 2


@pytest.mark.django_db
def test_nothing_readable_is_kept_of_who_asked() -> None:
    order = an_order()
    ask(order.number, "guess")
    keys = b"".join(bytes(key) for key in LookupAttempt.objects.values_list("key", flat=True))
    assert order.number.encode() not in keys
    assert HOME.encode() not in keys
    assert len(keys) == 32


@pytest.mark.django_db
def test_the_row_read_instead_of_a_missing_one_opens_nothing() -> None:
    an_order()
    for proof in ("sam@example.test", "LE1 5AA"):
        assert ask("NO-SUCH", proof) == lookups.Answer()


@pytest.mark.django_db
def test_time_tells_nothing_about_an_order() -> None:
    """The small size of S4: Welch's t between "no such order" and "other details", taken in turns."""
    order = an_order()
    times: dict[str, list[int]] = {"NO-SUCH": [], order.number: []}
    for turn in range(400):
        for number, found in times.items():
            at = NOON + timedelta(hours=turn)  # an hour of its own: always within the limit
            start = time.perf_counter_ns()
            answer = ask(number, "max@example.test", address=f"10.0.0.{len(found) % 250}", at=at)
            found.append(time.perf_counter_ns() - start)
            assert answer == lookups.Answer()
    # The slowest tenth tells of the machine's other work.
    absent, foreign = (sorted(found)[: len(found) * 9 // 10] for found in times.values())
    spread = variance(absent) / len(absent) + variance(foreign) / len(foreign)
    assert abs(mean(absent) - mean(foreign)) / sqrt(spread) < 4.5
