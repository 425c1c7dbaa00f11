"""Returns brought to where a mail is written, through the verbs; and the mails that came of it."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

from notifications.models import Message
from oms import shops
from oms.models import Order
from refunds import lifecycle as refunds
from refunds.models import Refund, StoreCreditEntry
from refunds.pricing import price_return
from refunds.protocol import carry_out
from refunds.store_credit import Category
from returns import gifts, lifecycle
from returns.eligibility import Wanted
from returns.lifecycle import Arrived, Finding
from returns.lifecycle.parcels import Bought
from returns.lookups import mail_links
from returns.models import RMA, LinkRequest, Outcome, PolicyRule, Receipt, ReturnDraft
from tests.builders import NOON, Sold, a_return, an_order
from tests.jobs import run_jobs
from tests.policies import a_rule

DESK, DOCK, FINANCE = "user:11", "user:12", "user:13"
LABEL = Bought(
    carrier="RoyalMail",
    service="Tracked48",
    choice="cheapest",
    tracking_number="RM123456789GB",
    tracking_url="https://track.example/RM123456789GB",
    price=0,
    currency="GBP",
    content=b"%PDF-1.4 label",
    content_type="application/pdf",
)


def fresh(rma: RMA) -> RMA:
    return RMA.objects.select_related("order__customer").get(pk=rma.pk)


def labeled(rma: RMA) -> RMA:
    lifecycle.label(rma.parcels.get().pk, LABEL, by="carrier", at=NOON + timedelta(minutes=1))
    return rma


def shipped(rma: RMA) -> RMA:
    at = NOON + timedelta(days=1)
    lifecycle.move_parcel(rma.parcels.get().pk, status="in_transit", occurred_at=at, by="carrier", at=at)
    return rma


def received(rma: RMA, *, quantity: int | None = None) -> list[Receipt]:
    pieces = [Arrived(line.pk, quantity or line.quantity) for line in rma.lines.all()]
    return lifecycle.receive(rma.number, pieces, form_token=uuid4(), by=DOCK, at=NOON + timedelta(days=3))


def inspected(rma: RMA, receipts: list[Receipt], condition: str = "opened", note: str = "") -> list[Outcome]:
    findings = [Finding(one.pk, one.quantity, condition, "", note=note) for one in receipts]
    return lifecycle.inspect(rma.number, findings, form_token=uuid4(), by=DOCK, at=NOON + timedelta(days=4))


def a_refund(rma: RMA | None = None) -> Refund:
    """A refund of an inspected return, as approved."""
    rma = rma or a_return(an_order())
    inspected(rma, received(rma))
    return refunds.request_for_return(rma.number, by=DOCK, at=NOON + timedelta(days=4))[0]


def settled(refund: Refund) -> Refund:
    at = NOON + timedelta(days=4, hours=1)
    refunds.submit(refund.number, by="system", at=at)
    refunds.settle(refund.number, provider_id=f"re_{uuid4().hex}", by="stripe", at=at)
    return refund


def credited() -> Refund:
    """A refund the customer took as store credit, with a bonus of a tenth."""
    a_rule("resolutions", allowed=["refund", "store_credit"], default="refund")
    shops.change({"credit_bonus": Decimal(10)}, by=DESK, at=NOON)
    refund = a_refund(a_return(an_order(), resolution="store_credit"))
    return carry_out(refund.number, by="system", now=lambda: NOON + timedelta(days=4, hours=1))


REX = gifts.Recipient("Rex Receiver", "rex@example.test", "9 Low Road", "Leeds", "LS1 1AA")


def a_gift(quantity: int = 1) -> RMA:
    """A return asked for by whoever was given the mugs, with the buyer's link."""
    order = an_order(lines=[Sold(quantity=3, gross="30.00", tax="5.00")])
    line = order.lines.get().pk
    link = gifts.make_link(order.number, [line], by=order.customer.actor, at=NOON)
    draft = gifts.begin(link, REX, at=NOON)
    asked = {"resolution": "store_credit", "price": price_return, "form_token": draft.ref, "at": NOON}
    wanted = [Wanted(line, quantity, "changed_mind", "opened")]
    by = draft.sender.actor
    return lifecycle.request(order.number, wanted, recipient=draft.recipient, gift_link=link, by=by, **asked)


def credited_gift(*, tells_buyer: bool = False) -> Refund:
    """A gift that came back and was settled as credit of whoever sent it."""
    shops.change({"tells_buyer_of_gifts": tells_buyer}, by=DESK, at=NOON)
    return carry_out(a_refund(a_gift()).number, by="system", now=lambda: NOON + timedelta(days=4, hours=1))


def credit_given() -> StoreCreditEntry:
    """Goodwill that a person gives to the customer of an order."""
    order, given = an_order(), {"category": Category.GOODWILL, "reason": "late", "form_token": uuid4()}
    return refunds.offer_credit(order.customer, Decimal(5), "GBP", order=order, by=DESK, at=NOON, **given)


def credit_ending() -> StoreCreditEntry:
    """Goodwill of two days, all of which ends within a month, one day after the other."""
    order = an_order()
    for days in (0, 1):
        entry = refunds.grant_credit(
            order.customer, Decimal(5 + days), "GBP", category=Category.GOODWILL, cause=f"gift/{days}", order=order,
            by=DESK, at=NOON + timedelta(days=days),
        )  # fmt: skip
    refunds.remind_of_credit(entry.account.number, by="system", at=NOON + timedelta(days=340))
    return entry


def own_label() -> RMA:
    """A return the policy approves without a label."""
    PolicyRule.objects.filter(kind="free_label").update(parameters={"everyone": False})
    return a_return(an_order())


def collected() -> RMA:
    """A return that we collect, with the day the desk arranged."""
    a_rule("needs_pickup", over_grams=1)
    rma = a_return(an_order())
    day = NOON.date() + timedelta(days=3)
    lifecycle.arrange_pickup(rma.number, on=day, carrier="Safe Freight", note="Ring twice.", by=DESK, at=NOON)
    return rma


def kept() -> RMA:
    """A return whose goods the customer keeps."""
    a_rule("keep_item", value_up_to="10.00")
    return a_return(an_order(), resolution="keep_item")


def a_link(order: Order) -> ReturnDraft:
    """The link to this order, asked for in the portal."""
    LinkRequest.objects.create(order=order, asked_at=NOON)
    mail_links(at=NOON)
    return order.drafts.get()


def mails(template: str = "") -> list[Message]:
    """Every message written so far, oldest first, after all jobs of the mail queue have run."""
    run_jobs("mail")
    found = Message.objects.select_related("customer", "rma__order").order_by("pk")
    return list(found.filter(template=template) if template else found)


def the_mail(template: str) -> Message:
    [found] = mails(template)
    return found
