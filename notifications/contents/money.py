"""What mails say of refunds and store credit, to customers and to accounting."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Min
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications.contents.parts import receipt
from notifications.occasions import Occasion
from oms.models import Shop
from oms.money import Money
from oms.states import PaymentMethod
from refunds.models import StoreCreditEntry
from refunds.states import RefundSource
from refunds.store_credit import EntryKind

PAID_TO = {
    PaymentMethod.CARD: gettext_lazy("the card you paid with"),
    PaymentMethod.PAYPAL: gettext_lazy("your PayPal account"),
    PaymentMethod.STORE_CREDIT: gettext_lazy("your store credit"),
    PaymentMethod.GIFT_CARD: gettext_lazy("your gift card"),
}
SHOWS_AFTER = {
    PaymentMethod.CARD: gettext_lazy("Banks usually need 3–5 business days to show it on your statement."),
    PaymentMethod.PAYPAL: gettext_lazy("PayPal usually shows it the same day."),
    PaymentMethod.STORE_CREDIT: gettext_lazy("You can use it at once."),
    PaymentMethod.GIFT_CARD: gettext_lazy("You can use it at once."),
}


def refunded(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    refund = occasion.refund
    assert refund is not None
    method = refund.payment.method
    memo = refund.memo
    memo.rma = refund.rma  # its link depends on the return's
    return {
        "memo_url": memo.get_portal_url() if refund.source != RefundSource.IMPORTED else "",
        "amount": Money(refund.amount, refund.currency),
        "refund_number": refund.number,
        "paid_to": str(PAID_TO.get(PaymentMethod(method), _("the way you paid"))),
        "shows_after": str(SHOWS_AFTER.get(PaymentMethod(method), _("It usually arrives within 3–5 business days."))),
        "receipt": receipt(memo.quote),
        "is_part": refund.amount != memo.total,
        "memo_total": Money(memo.total, memo.currency),
        "differences": _differences(memo.quote, refund.currency),
    }


def credited(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    """A refund that became store credit: how much, on which credit, until when, and what came on top."""
    refund = occasion.refund
    assert refund is not None
    entries = StoreCreditEntry.objects.select_related("account").filter(kind__in=(EntryKind.GRANT, EntryKind.RELEASE))
    given = {one.cause: one for one in entries.filter(cause__startswith=f"refund/{refund.number}")}
    entry, bonus = given[f"refund/{refund.number}"], given.get(f"refund/{refund.number}/bonus")
    told = refunded(occasion, shop) | _credit(entry, occasion)
    told["added"] = told["amount"]
    if bonus is not None:
        on_top = Money(bonus.amount, refund.currency)
        told["bonus"], told["bonus_until"] = on_top, _credit(bonus, occasion)["until"]
        told["added"] += on_top
    return told | {"is_back": entry.kind == EntryKind.RELEASE}


def credit_given(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    assert occasion.credit is not None
    return _credit(occasion.credit, occasion)


def credit_ending(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    """What ends soon, and the last day of each part; the first of them and the whole for the headline."""
    account, facts = occasion.account, occasion.event.facts
    assert account is not None
    ends = [(datetime.fromisoformat(one["at"]), Decimal(one["amount"])) for one in facts["ends"]]
    parts = [{"until": _last_day(end, occasion), "amount": Money(left, account.currency)} for end, left in ends]
    return {
        "amount": Money(sum((left for _end, left in ends), Decimal(0)), account.currency),
        "until": parts[0]["until"],
        "parts": parts if len(parts) > 1 else [],
        "credit_number": account.number,
        "credit_url": account.get_portal_url(),
    }


def _last_day(end: datetime, occasion: Occasion) -> str:
    """Of what can no longer be spent from `end` on, the last day on which it can."""
    return date_format(occasion.calendar.local(end - timedelta(seconds=1)), "j F Y")


def _credit(entry: StoreCreditEntry, occasion: Occasion) -> dict[str, Any]:
    ends = entry.parts.aggregate(ends=Min("grant__expires_at"))["ends"]
    return {
        "amount": Money(entry.amount, entry.account.currency),
        "credit_number": entry.account.number,
        "credit_url": entry.account.get_portal_url(),
        "until": _last_day(ends, occasion) if ends else "",
    }


def _differences(quote: Mapping[str, Any], currency: str) -> list[dict[str, Any]]:
    """Where inspection pays another amount than was promised."""
    return [
        {
            "label": f"{one['quantity']} × {one['description']}",
            "promised": Money(Decimal(one["promised"]), currency),
            "pays": Money(Decimal(one["pays"]), currency),
        }
        for one in quote.get("differences", ())
    ]


def accounting(occasion: Occasion, shop: Shop) -> dict[str, Any]:
    """Numbers and amounts; accounting needs nobody's name (R95)."""
    refund = occasion.refund
    assert refund is not None
    memo, facts = refund.memo, occasion.event.facts
    return {
        "name": "",
        "amount": Money(refund.amount, refund.currency),
        "refund_number": refund.number,
        "memo_number": memo.known_as,
        "memo_total": Money(memo.total, memo.currency),
        "memo_tax": Money(memo.tax, memo.currency),
        "memo_fees": Money(memo.fees, memo.currency),
        "method": refund.payment.get_method_display(),
        "provider_id": facts.get("provider_id", ""),
        "provider_reason": facts.get("reason", ""),
        "happened_at": date_format(occasion.event.occurred_at.astimezone(occasion.calendar.zone), "j F Y, H:i"),
        "zone": occasion.calendar.zone.key,
    }
