"""Each mail: written once because of its event, saying what it must say (R19–R22, R28, R48, R56–R62, R94–R102)."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from html import unescape
from uuid import uuid4

import pytest
from django.conf import settings
from django.urls import resolve

from notifications import deliver
from notifications.catalogue import CATALOGUE, ENTRY_OF
from notifications.models import Message
from notifications.states import Audience, MessageStatus
from oms.models import Delivery, Event, Shop
from refunds import lifecycle as refunds
from refunds.models import Refund, StoreCredit
from refunds.protocol import carry_out
from refunds.store_credit import Category
from returns import lifecycle
from returns.lifecycle import Arrived, Finding
from returns.models import RMA, Dispatch, Hold, Receipt
from returns.states import ReceiptResult
from tests.builders import NOON, Sold, a_customer, a_return, an_order, the_line
from tests.notifications.cases import (
    DESK,
    DOCK,
    a_link,
    a_refund,
    collected,
    credit_ending,
    credit_given,
    credited,
    credited_gift,
    inspected,
    kept,
    labeled,
    mails,
    own_label,
    received,
    settled,
    shipped,
    the_mail,
)
from tests.policies import a_rule
from tests.returns import test_dispatching as dispatching
from tests.returns.test_parcel_cases import a_case

pytestmark = pytest.mark.django_db

LINK = re.compile(r"https?://\S+")


def words(html: str) -> str:
    """What a reader sees of a mail's HTML."""
    body = re.sub(r"<style.*?</style>|<title.*?</title>", " ", html, flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def both(message: Message) -> tuple[str, str]:
    return words(message.html), " ".join(message.text.split())


def assert_says(message: Message, *sentences: str) -> None:
    for part in both(message):
        missing = [sentence for sentence in sentences if sentence not in part]
        assert missing == []


# ── One return, from the request to the survey ────────────────────────────────────────────────────────────────────


def test_a_whole_return_is_told_step_by_step_each_once() -> None:
    rma = shipped(labeled(a_return(an_order())))
    settled(a_refund(rma))
    assert [(mail.template, mail.audience) for mail in mails()] == [
        ("received", Audience.CUSTOMER),
        ("approved", Audience.CUSTOMER),
        ("on_its_way", Audience.CUSTOMER),
        ("arrived", Audience.CUSTOMER),
        ("inspected", Audience.CUSTOMER),
        ("refunded", Audience.CUSTOMER),
        ("refund_booked", Audience.ACCOUNTING),
        ("survey", Audience.CUSTOMER),
    ]
    assert {mail.recipient for mail in mails() if mail.audience == Audience.CUSTOMER} == {"sam@example.test"}


def test_jobs_run_twice_write_nothing_twice() -> None:
    settled(a_refund(labeled(a_return(an_order()))))
    first = [(mail.pk, mail.text) for mail in mails()]
    Delivery.objects.update(done_at=None, attempts=0)
    again = [(mail.pk, mail.text) for mail in mails()]
    assert again == first


# ── Request and decision ──────────────────────────────────────────────────────────────────────────────────────────


def test_the_request_is_acknowledged_with_its_numbers_items_and_expected_money() -> None:
    rma = a_return(an_order(number="536365"))
    mail = the_mail("received")
    assert mail.subject == "We have your return request for order 536365"
    assert_says(mail, "Hello Sam Shopper,", rma.number, "536365", "1 × Blue mug", "£10.00", "It is approved.")
    assert rma.get_portal_url() in mail.text


def test_a_request_that_a_person_decides_says_until_when() -> None:
    a_return(an_order(lines=[Sold(gross="2000.00", tax="333.33")]))
    assert_says(
        the_mail("received"), "A person looks at it now. You get an answer by Thursday 26 November at the latest."
    )
    assert [mail.template for mail in mails()] == ["received"]


def test_the_approval_says_all_it_must() -> None:
    rma = labeled(a_return(an_order(number="536365")))
    mail = the_mail("approved")
    link = rma.get_portal_url()
    assert mail.subject == "Return request confirmation: order 536365"  # R56
    assert_says(
        mail,
        "Hello Sam Shopper,",  # R57 customer name
        "Your return for order 536365 is approved.",  # R57 order number, statement of approval
        rma.number,  # R57 RMA number
        "Pack the goods securely",  # R59
        "Include all original packaging and all accessories.",  # R59
        "Post the parcel by Monday 7 December.",
        "RoyalMail RM123456789GB",  # R60
        "Your refund is sent within 3 business days after we receive the parcel,",  # R61
        "and we write to you again when it is.",  # R61
        "Questions? Just answer this mail.",  # R62
        "help@example.test",  # R62
        "The Homeward Demo Shop team",  # R62
    )
    for part in (mail.html, mail.text):
        assert f"{link}label/" in part  # R58
        assert "https://track.example/RM123456789GB" in part  # R60
        assert f"{link}slip.pdf" in part  # R21


def test_days_and_company_come_from_the_settings() -> None:
    Shop.objects.update_or_create(pk=1, defaults={"company": "Anders & Söhne", "processing_days": 1})
    labeled(a_return(an_order()))
    assert_says(the_mail("approved"), "within 1 business day after", "The Anders & Söhne team")


def test_without_a_label_the_yes_itself_is_the_approval_and_says_where_to_send_it() -> None:
    rma = own_label()
    mail = the_mail("approved")
    assert_says(mail, "Please send the parcel with a carrier of your choice to:", rma.warehouse.street)
    assert "label/" not in mail.html + mail.text


def test_what_is_kept_needs_one_mail_and_no_parcel() -> None:
    rma = kept()
    assert [mail.template for mail in mails()] == ["kept"]
    mail = the_mail("kept")
    assert_says(mail, "You need not send anything back", "£10.00", rma.number)
    assert "slip" not in mail.html + mail.text


def test_what_is_collected_is_told_with_its_day_and_never_to_be_posted() -> None:
    collected()
    assert [mail.template for mail in mails()] == ["received", "pickup"]
    assert_says(the_mail("received"), "We collect it from you: it may not travel by ordinary post.")
    day = "on Thursday 26 November; Safe Freight comes to you."
    assert_says(the_mail("pickup"), day, "Ring twice.", "Please do not post it.")


def test_a_person_s_yes_to_what_is_collected_says_by_when_the_day_follows() -> None:
    a_rule("needs_pickup", over_grams=1)
    rma = a_return(an_order(lines=[Sold(gross="2000.00", tax="333.33")]))
    lifecycle.approve(rma.number, by=DESK, at=NOON)
    assert_says(the_mail("pickup"), "You get the day by Thursday 26 November at the latest.")


def test_a_label_that_comes_too_late_is_no_news() -> None:
    rma = labeled(a_return(an_order()))
    lifecycle.cancel(rma.number, by=rma.order.customer.actor, at=NOON + timedelta(hours=1))
    assert [mail.template for mail in mails()] == ["received", "canceled"]
    assert_says(the_mail("canceled"), f"Your return {rma.number} is canceled.")


def test_a_refused_request_gets_one_mail_with_the_reason_of_the_rules() -> None:
    a_return(an_order(), at=NOON + timedelta(days=40))
    [mail] = mails()
    assert mail.template == "rejected"
    assert_says(mail, "We cannot take this back", "The return window of 30 days closed on")


def test_a_person_s_no_says_the_person_s_reason() -> None:
    rma = a_return(an_order(lines=[Sold(gross="2000.00", tax="333.33")]))
    lifecycle.reject(rma.number, reason="worn", note="It was worn for <two> years.", by=DESK, at=NOON)
    assert_says(the_mail("rejected"), "It was worn for <two> years.", "answer this mail: a person reads it")


def test_a_question_is_asked_in_the_person_s_words() -> None:
    rma = a_return(an_order(lines=[Sold(gross="2000.00", tax="333.33")]))
    lifecycle.ask(rma.number, note="Which color is it?", by=DESK, at=NOON)
    assert_says(the_mail("info_asked"), "Which color is it?")


# ── On its way, arrived, inspected ────────────────────────────────────────────────────────────────────────────────


def test_shipping_says_on_its_way_and_never_received() -> None:
    shipped(labeled(a_return(an_order())))
    mail = the_mail("on_its_way")
    assert_says(mail, "Your return is on its way", "RoyalMail RM123456789GB")
    assert [word for word in ("received", "arrived") if word in " ".join(both(mail)).lower()] == []


def test_a_first_word_that_is_delivered_makes_no_late_on_its_way() -> None:
    rma = labeled(a_return(an_order()))
    at = NOON + timedelta(days=1)
    lifecycle.move_parcel(rma.parcels.get().pk, status="delivered", occurred_at=at, by="carrier", at=at)
    assert [mail.template for mail in mails()] == ["received", "approved"]


def test_trouble_on_the_way_is_told() -> None:
    rma = shipped(labeled(a_return(an_order())))
    at = NOON + timedelta(days=2)
    lifecycle.trouble(rma.parcels.get().pk, status="failure", occurred_at=at, by="carrier", at=at)
    assert_says(the_mail("trouble"), "The carrier reports a problem with your return parcel.")


def test_arrival_says_when_it_came_and_by_when_we_look() -> None:
    received(a_return(an_order()))
    assert_says(
        the_mail("arrived"),
        "arrived at our warehouse on Thursday 26 November",
        "within 3 business days: by Tuesday 1 December",
    )


def test_a_part_that_arrived_is_told_as_a_part_and_nothing_as_nothing() -> None:
    rma = a_return(an_order(), quantity=2)
    line = the_line(rma).pk
    lifecycle.receive(rma.number, [Arrived(line, 1)], form_token=uuid4(), by=DOCK, at=NOON)
    lost = [Arrived(line, 1, ReceiptResult.LOST)]
    lifecycle.receive(rma.number, lost, form_token=uuid4(), by=DOCK, at=NOON)
    assert_says(the_mail("arrived"), "Part of your return has arrived")


def test_inspection_says_what_was_found() -> None:
    rma = a_return(an_order())
    inspected(rma, received(rma), note="A scratch <b>here</b>")
    assert_says(
        the_mail("inspected"), "1 × Blue mug", "Opened, not used", "A scratch <b>here</b>", "Your refund is sent next."
    )


def test_refused_goods_say_what_the_customer_can_do_and_by_when() -> None:
    rma = a_return(an_order())
    inspected(rma, received(rma), "damaged")
    mail = the_mail("held")
    assert_says(
        mail,
        "could not accept all of it",
        "You find the photos we took on the page of your return.",
        "leave the goods with us, without a refund for them,",
        "object, and a person looks at it again,",
        "or have the goods sent back to you.",
        "Please answer by Friday 11 December.",
    )
    assert rma.get_portal_url() in mail.text
    assert [mail.template for mail in mails()] == ["received", "arrived", "held"]


def test_a_dispute_decided_for_the_customer_says_so() -> None:
    rma = a_return(an_order())
    inspected(rma, received(rma), "damaged")
    hold = Hold.objects.get()
    lifecycle.answer_hold(hold.pk, answer="dispute", note="No", by=rma.order.customer.actor, at=NOON)
    lifecycle.decide_hold(hold.pk, decision="overturn", by=DESK, at=NOON)
    assert_says(the_mail("hold_decided"), "you are right: we accept it")


def test_a_return_never_posted_says_that_it_ran_out() -> None:
    rma = a_return(an_order())
    lifecycle.expire(rma.number, by="system", at=NOON + timedelta(days=20))
    assert_says(the_mail("expired"), f"We did not get a parcel for your return {rma.number} in time")


# ── Money ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_nobody_is_told_of_a_refund_before_it_is_settled() -> None:
    refund = a_refund()
    refunds.submit(refund.number, by="system", at=NOON)
    refunds.await_provider(refund.number, provider_id="re_1", reason="", by="stripe", at=NOON)
    assert [mail.template for mail in mails()] == ["received", "arrived", "inspected"]


def test_a_refund_says_amount_method_and_when_it_should_appear() -> None:
    settled(a_refund())
    mail = the_mail("refunded")
    assert_says(
        mail,
        "£10.00 is on its way to you",
        "We have sent £10.00 to the card you paid with.",
        "Banks usually need 3–5 business days to show it on your statement.",
        "1 × Blue mug",
    )
    assert mail.status == MessageStatus.SENT


def test_a_refund_links_its_credit_memo() -> None:
    refund = settled(a_refund())
    mail, link = the_mail("refunded"), refund.memo.get_portal_url()
    assert_says(mail, "Your credit memo (PDF)")
    assert (f'href="{link}"' in mail.html, link in mail.text) == (True, True)


def test_store_credit_says_how_much_until_when_and_how_to_spend_it() -> None:
    refund = credited()
    account = refund.order.customer.store_credits.get()
    mail = the_mail("credited")
    assert_says(
        mail,
        "You have £11.00 more to spend with us",
        f"£10.00 is on your store credit {account.number}.",
        "On top you get a bonus of £1.00.",
        "It does not expire. The bonus can be spent until 27 November 2027.",
    )
    assert account.get_portal_url() in mail.text
    assert mails("refunded") == []


def test_credit_that_was_spent_says_that_it_is_back() -> None:
    order, credit = an_order(), credit_given()
    spent = refunds.spend(credit.account.customer, Decimal(5), "GBP", cause="order/1", by=DESK, at=NOON)
    order.payments.update(method="store_credit", captured=5, provider_id=spent.reference)
    order.lines.update(gross=10, tax=0)
    refund = a_refund(a_return(order))
    carry_out(refund.number, by="system", now=lambda: NOON)
    assert_says(the_mail("credited"), "You paid with store credit, so £5.00 is back", "until 23 November 2027")


def test_credit_given_by_hand_is_told() -> None:
    entry = credit_given()
    assert_says(the_mail("credit_given"), f"We have added £5.00 to your store credit {entry.account.number}.")
    assert the_mail("credit_given").recipient == "sam@example.test"


def test_credit_that_ends_soon_is_told_with_each_last_day() -> None:
    number = credit_ending().account.number
    assert_says(
        the_mail("credit_ending"),
        "£11.00 of your store credit ends soon",
        f"£11.00 of your store credit {number} can be spent only a little longer:",
        "£5.00 until 23 November 2027",
        "£6.00 until 24 November 2027",
    )


def test_a_reminder_waits_for_the_morning() -> None:
    refunds.grant_credit(
        an_order().customer, Decimal(5), "GBP", category=Category.GOODWILL, cause="gift", by=DESK, at=NOON
    )  # fmt: skip
    number = StoreCredit.objects.get().number
    night = (NOON + timedelta(days=340)).replace(hour=23)
    refunds.remind_of_credit(number, by="system", at=night)
    mail = the_mail("credit_ending")
    assert (mail.status, mail.send_after) == ("queued", night.replace(hour=8) + timedelta(days=1))
    assert_says(mail, "can be spent until 23 November 2027, and then no more.")


def test_accounting_is_told_in_numbers_and_without_a_name() -> None:
    refund = settled(a_refund())
    mail = the_mail("refund_booked")
    assert (mail.recipient, mail.customer) == ("accounting@example.test", None)
    provider_id = Refund.objects.get(pk=refund.pk).provider_id
    assert_says(mail, refund.number, refund.memo.number, "£10.00", provider_id, "Tax in it", "£1.67")
    assert [part for part in (mail.subject, mail.html, mail.text) if "Sam" in part or "Hello" in part] == []


def test_a_difference_to_the_promise_is_named() -> None:
    rma = a_return(an_order(), condition="sealed")
    lifecycle.receive(rma.number, [Arrived(the_line(rma).pk, 1)], form_token=uuid4(), by=DOCK, at=NOON)
    receipt = the_line(rma).receipts.get()
    finding = Finding(receipt.pk, 1, "used", "", acceptance="accepted", override_reason="as agreed")
    lifecycle.inspect(rma.number, [finding], form_token=uuid4(), by=DOCK, at=NOON)
    [refund] = refunds.request_for_return(rma.number, by=DOCK, at=NOON)
    settled(refund)
    paid = f"£{refund.amount:.2f}"
    assert_says(the_mail("refunded"), f"1 × Blue mug: {paid} instead of £10.00, because of the condition")


def test_money_that_comes_back_late_is_told_to_both_and_a_first_failure_to_nobody() -> None:
    refund = settled(a_refund())
    refunds.fail(refund.number, reason="account_closed", by="stripe", at=NOON + timedelta(days=9))
    assert_says(the_mail("refund_failed"), "The bank has now returned it to us.", "The money is still yours.")
    assert_says(the_mail("refund_reversed"), refund.number, "account_closed", "The booking is reversed")


def test_a_refund_that_fails_at_once_writes_no_mail() -> None:
    refund = a_refund()
    refunds.submit(refund.number, by="system", at=NOON)
    refunds.fail(refund.number, reason="expired_card", by="stripe", at=NOON)
    assert [mail.template for mail in mails()] == ["received", "arrived", "inspected"]


# ── Survey and link ───────────────────────────────────────────────────────────────────────────────────────────────


def test_the_survey_waits_a_day_and_is_written_at_once() -> None:
    rma = a_return(an_order())
    settled(a_refund(rma))
    mail = the_mail("survey")
    closed = RMA.objects.get(pk=rma.pk).closed_at
    assert (mail.status, mail.send_after, mail.sent_at) == (MessageStatus.QUEUED, closed + timedelta(days=1), None)
    assert f"{rma.get_portal_url()}survey/" in mail.text


def test_a_return_closed_a_second_time_asks_no_second_time() -> None:
    refund = settled(a_refund())
    mails()
    refunds.fail(refund.number, reason="account_closed", by="stripe", at=NOON + timedelta(days=5))
    refunds.retry(refund.number, after=1, by="user:9", at=NOON + timedelta(days=6))
    settled(refund)
    assert [mail.template for mail in mails()].count("survey") == 1


def test_the_link_that_was_asked_for_leads_to_the_order() -> None:
    draft = a_link(an_order(number="536365"))
    mail = the_mail("portal_link")
    assert mail.subject == "Your link for order 536365"
    assert f"{settings.PUBLIC_URL}/return/{draft.ref}/items/" in mail.text


# ── What holds for every mail ─────────────────────────────────────────────────────────────────────────────────────


def _rejected() -> None:
    a_return(an_order(), at=NOON + timedelta(days=40))


def _asked() -> None:
    rma = a_return(an_order(lines=[Sold(gross="2000.00", tax="333.33")]))
    lifecycle.ask(rma.number, note="Which color?", by=DESK, at=NOON)


def _troubled() -> None:
    rma = shipped(labeled(a_return(an_order())))
    at = NOON + timedelta(days=2)
    lifecycle.trouble(rma.parcels.get().pk, status="failure", occurred_at=at, by="carrier", at=at)


def _disputed() -> None:
    rma = a_return(an_order())
    inspected(rma, received(rma), "damaged")
    hold = Hold.objects.get()
    lifecycle.answer_hold(hold.pk, answer="dispute", note="No", by=rma.order.customer.actor, at=NOON)
    lifecycle.decide_hold(hold.pk, decision="uphold", by=DESK, at=NOON)


def _late() -> None:
    refunds.fail(settled(a_refund()).number, reason="account_closed", by="stripe", at=NOON + timedelta(days=9))


def _canceled() -> None:
    rma = a_return(an_order())
    lifecycle.cancel(rma.number, by=rma.order.customer.actor, at=NOON)


def _expired() -> None:
    lifecycle.expire(a_return(an_order()).number, by="system", at=NOON + timedelta(days=20))


def _exchange(*, price: str = "10.00") -> Dispatch:
    rma = dispatching.exchange(an_order(), dispatching.a_green_mug(price=price))
    return Dispatch.objects.select_related("order").get(rma=rma)


def _exchange_held() -> None:
    rma = _exchange(price="14.00").rma
    lifecycle.release(rma.number, owed=Decimal("4.00"), by="system", at=NOON + timedelta(days=4))


def _exchange_packed() -> Dispatch:
    dispatch = _exchange()
    lifecycle.release(dispatch.rma.number, owed=Decimal(0), by="system", at=NOON)
    return dispatch


def _exchange_short() -> None:
    dispatch = _exchange_packed()
    lifecycle.miss(dispatch.pk, dispatch.order.lines.get().pk, by=DOCK, at=NOON)


def _exchange_delivered() -> None:
    dispatch = _exchange_packed()
    dispatching.through_the_dock(dispatch)
    lifecycle.arrive(dispatch.pk, by="carrier", at=NOON + timedelta(days=6))


def _goods_back_delivered() -> None:
    """Refused at inspection; the customer wants them back."""
    [receipt] = received(a_return(an_order()))
    rma = receipt.line.rma
    finding = Finding(receipt.pk, 1, "damaged", "")
    [outcome] = lifecycle.inspect(rma.number, [finding], form_token=uuid4(), by=DOCK, at=NOON)
    lifecycle.answer_hold(outcome.hold.pk, answer="send_back", by=rma.order.customer.actor, at=NOON)
    dispatch = Dispatch.objects.select_related("order").get(rma=rma)
    dispatching.through_the_dock(dispatch)
    lifecycle.arrive(dispatch.pk, by="carrier", at=NOON + timedelta(days=6))


def test_what_is_left_to_pay_says_how_much_until_when_and_where() -> None:
    _exchange_held()
    mail = the_mail("exchange_held")
    assert_says(mail, "£4.00 is left to pay", "1 × Mug, green", "Friday 11 December")
    assert f"{mail.rma.get_portal_url()}payment/" in mail.text


def test_an_exchange_asked_for_names_what_goes_out_and_no_refund() -> None:
    _exchange()
    mail = the_mail("received")
    assert_says(mail, "You get instead:", "1 × Mug, green")
    assert "Expected refund" not in mail.text + mail.html


def _brought_back() -> None:
    a_case("refused")
    rma = RMA.objects.get(source="carrier")
    pieces = [Arrived(line.pk, line.outstanding) for line in rma.lines.all()]
    lifecycle.receive(rma.number, pieces, form_token=uuid4(), by=DOCK, at=NOON + timedelta(days=1))


def short(rma: RMA) -> Receipt:
    """One of it was surely not in the parcel."""
    pieces = [Arrived(line.pk, 1, ReceiptResult.SHORT) for line in rma.lines.all()]
    return lifecycle.receive(rma.number, pieces, form_token=uuid4(), by=DOCK, at=NOON + timedelta(days=3))[0]


def test_what_was_not_in_the_parcel_is_said_once_the_count_stands() -> None:
    rma = a_return(an_order(lines=[Sold(quantity=2, gross="20.00")]), quantity=2)
    receipt = short(rma)
    mail = the_mail("missing")
    assert mail.send_after == receipt.received_at + timedelta(seconds=60)
    assert_says(mail, "this was not there:", "1 × Blue mug", "If you did send it, answer this mail")
    assert not deliver._is_overtaken(mail)
    at = receipt.received_at + timedelta(seconds=5)
    lifecycle.take_back(rma.number, receipt.pk, form_token=uuid4(), by=DOCK, at=at)
    assert deliver._is_overtaken(mail)


WRITTEN_BY: dict[str, Callable[[], object]] = {
    "received": lambda: a_return(an_order()),
    "approved": lambda: labeled(a_return(an_order())),
    "kept": kept,
    "pickup": collected,
    "rejected": _rejected,
    "info_asked": _asked,
    "on_its_way": lambda: shipped(labeled(a_return(an_order()))),
    "trouble": _troubled,
    "arrived": lambda: received(a_return(an_order())),
    "inspected": a_refund,
    "held": _disputed,
    "hold_decided": _disputed,
    "refunded": lambda: settled(a_refund()),
    "credited": credited,
    "credit_given": credit_given,
    "credit_ending": credit_ending,
    "refund_booked": lambda: settled(a_refund()),
    "refund_failed": _late,
    "refund_reversed": _late,
    "canceled": _canceled,
    "expired": _expired,
    "exchange_held": _exchange_held,
    "exchange_short": _exchange_short,
    "exchange_sent": _exchange_delivered,
    "exchange_delivered": _exchange_delivered,
    "goods_back_sent": _goods_back_delivered,
    "goods_back_delivered": _goods_back_delivered,
    "not_delivered": lambda: a_case("refused"),
    "parcel_wrong": lambda: a_case("lost"),
    "came_back": _brought_back,
    "missing": lambda: short(a_return(an_order(), quantity=1)),
    "reminder": lambda: lifecycle.remind(a_return(an_order()).number, by="system", at=NOON),
    "survey": lambda: settled(a_refund()),
    "gift_returned": lambda: credited_gift(tells_buyer=True),
    "portal_link": lambda: a_link(an_order()),
}


def test_every_kind_of_the_catalogue_is_tested() -> None:
    """Mails to our own people are about no order; what they say is tested where it comes from."""
    assert set(WRITTEN_BY) == {kind for kind, entry in ENTRY_OF.items() if entry.audience != Audience.STAFF}


@pytest.mark.parametrize("kind", sorted(WRITTEN_BY))
def test_every_mail_is_small_readable_as_text_and_links_to_pages_anybody_may_open(kind: str) -> None:
    WRITTEN_BY[kind]()
    mail = the_mail(kind)
    assert len(mail.html.encode()) <= 40_000
    assert re.findall(r"<[a-z/!]", mail.text) + re.findall(r"&[a-z]+;", mail.text) == []
    assert [line for line in mail.text.splitlines() if len(line) > 72 and "://" not in line] == []
    assert "{" not in mail.text + mail.subject
    assert re.findall(r"<img|<script|url\(|\son[a-z]+=", mail.html) == []
    links = {link for link in LINK.findall(mail.text) if link.startswith(settings.PUBLIC_URL)}
    guards = {resolve(link.removeprefix(settings.PUBLIC_URL)).func.permission for link in links}
    assert guards <= {None}
    in_html = {unescape(link) for link in re.findall(r'href="(https?://[^"]+)"', mail.html)}
    policy = f"{settings.PUBLIC_URL}/policy/"
    assert in_html - {policy} == set(LINK.findall(mail.text))


@pytest.mark.parametrize("kind", sorted(WRITTEN_BY))
def test_every_mail_names_its_order_and_how_to_answer(kind: str) -> None:
    WRITTEN_BY[kind]()
    mail = the_mail(kind)
    assert mail.order.number in mail.subject
    assert_says(mail, mail.order.number, "help@example.test", "+44 20 7946 0000", "Monday to Friday, 9:00–17:00")


def test_no_subject_is_used_for_two_things() -> None:
    subjects = {(str(entry.subject), entry.template) for entry in CATALOGUE}
    assert len(subjects) == len({subject for subject, _template in subjects})


# ── Hostile and missing customers ─────────────────────────────────────────────────────────────────────────────────


def test_a_hostile_name_stays_text() -> None:
    name = '<script>alert(1)</script>"{{ shop }}{% now %}'
    labeled(a_return(an_order(customer=a_customer(name=name))))
    for mail in mails():
        assert "<script" not in mail.html
        assert f"Hello {name}," in words(mail.html)
        assert f"Hello {name}," in " ".join(mail.text.split())


@pytest.mark.parametrize("address", ["", "not an address", "a@b.test\nBcc: c@d.test"])
def test_without_an_address_the_mail_is_kept_and_not_sent(address: str) -> None:
    a_return(an_order(customer=a_customer(email=address)))
    mail = the_mail("received")
    assert (mail.status, mail.recipient, mail.sent_at) == (MessageStatus.WITHHELD, "", None)
    assert "Hello Sam Shopper," in mail.text


def test_an_erased_customer_is_written_nothing() -> None:
    rma = a_return(an_order())
    customer = rma.order.customer
    customer.wrapped_key = None
    customer.save(update_fields=["wrapped_key"])
    mail = the_mail("received")
    assert (mail.status, mail.customer, mail.recipient) == (MessageStatus.WITHHELD, None, "")
    assert "Sam" not in mail.text


def test_names_and_addresses_stand_in_no_log_and_no_event(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    settled(a_refund(shipped(labeled(a_return(an_order())))))
    mails()
    told = caplog.text + " ".join(str(event.facts) for event in Event.objects.all())
    assert [secret for secret in ("Sam", "sam@", "High Street", "LE1") if secret in told] == []


def test_mails_are_sealed_in_the_table() -> None:
    a_return(an_order())
    the_mail("received")
    row = Message.objects.values("recipient", "subject", "html", "text").get()
    assert [name for name, value in row.items() if b"Sam" in bytes(value) or b"order" in bytes(value)] == []
