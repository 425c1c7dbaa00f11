"""The rules in words, for everyone: return policy (R106) and privacy (R143)."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from inventory.models import Condition
from oms import shops
from oms.access import public
from oms.models import Shop
from returns.models import PolicyVersion, ReturnReason
from returns.states import RefundAt
from returns.views.portal.choosing import TITLES

MARKET = "default"


@public
@require_safe
def policy(request: HttpRequest) -> HttpResponse:
    """The policy in force now, read from its rows: what the engine decides by is what stands here."""
    version = PolicyVersion.objects.prefetch_related("rules").in_force(MARKET, timezone.now())
    rules: dict[str, list[Mapping[str, Any]]] = {}
    for rule in sorted(version.rules.all(), key=lambda rule: rule.priority):
        if rule.active:
            rules.setdefault(rule.kind, []).append(rule.parameters)
    accepted = {code for terms in rules.get("accepted_reasons", ()) for code in terms["reasons"]}
    reasons = ReturnReason.objects.filter(active=True).order_by("position", "id")
    context = {
        "version": version,
        "sentences": list(_sentences(rules, shops.current())),
        "reasons": [one for one in reasons if not accepted or one.code in accepted],
        "conditions": Condition.objects.filter(active=True).order_by("position", "id"),
    }
    return render(request, "portal/policy.html", context)


@public
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/privacy.html")


def _sentences(rules: Mapping[str, list[Mapping[str, Any]]], shop: Shop) -> Iterable[dict[str, str]]:
    for terms in rules.get("window", ()):
        yield {"title": _("How long"), "text": _window(terms)}
    for terms in rules.get("final_sale", ()):
        text = _("Items sold as final sale stay sold.")
        if terms.get("unless_our_fault", True):
            text += " " + _("Unless we are at fault: then they come back like anything else.")
        yield {"title": _("Final sale"), "text": text}
    for terms in rules.get("free_label", ()):
        yield {"title": _("The label"), "text": _label(terms)}
    for terms in rules.get("restocking_fee", ()):
        if text := _fee(terms):
            yield {"title": _("Fees"), "text": text}
    for terms in rules.get("refund_shipping", ()):
        if text := _shipping(terms):
            yield {"title": _("What you paid for shipping"), "text": text}
    for terms in rules.get("promotions", ()):
        if terms.get("requalify"):
            text = _("A discount that asked for a minimum is counted anew when what you keep no longer reaches it.")
            yield {"title": _("Discounts"), "text": text}
    if ways := list(dict.fromkeys(way for terms in rules.get("resolutions", ()) for way in terms["allowed"])):
        yield {"title": _("What you can choose"), "text": _ways(ways, rules)}
    for terms in rules.get("refund_at", ()):
        if not any(terms.get(name) for name in ("reasons", "categories", "resolutions")):
            yield {"title": _("Your money"), "text": _money(terms, shop)}
    for terms in rules.get("review_above", ()):
        text = _(
            "A person looks at a return worth more than %(value)s, in the currency of your order, before we approve."
        )
        yield {"title": _("When a person looks"), "text": text % {"value": terms["value"]}}
    for terms in rules.get("expires_after", ()):
        days = ngettext("%(days)s day", "%(days)s days", terms["days"]) % {"days": terms["days"]}
        yield {
            "title": _("Posting it"),
            "text": _("Post the parcel within %(days)s after we approve the return.") % {"days": days},
        }


def _window(terms: Mapping[str, Any]) -> str:
    days = ngettext("%(days)s day", "%(days)s days", terms["days"]) % {"days": terms["days"]}
    text = _("You can send things back within %(days)s.") % {"days": days}
    first = terms.get("anchors", ["delivered"])[0]
    since = {
        "delivered": _("The days count from delivery."),
        "shipped": _("The days count from the day we sent the parcel."),
        "placed": _("The days count from your order."),
    }
    text += " " + since[first]
    if terms.get("categories"):
        text += " " + _("This is for: %(categories)s.") % {"categories": ", ".join(terms["categories"])}
    return text


def _label(terms: Mapping[str, Any]) -> str:
    if terms.get("everyone"):
        return _("The return label is free. We make it for you and send it by e-mail; you can print it here too.")
    if terms.get("fee"):
        return _("The return label is free when we are at fault; otherwise it costs %(fee)s.") % {"fee": terms["fee"]}
    return _("The return label is free when we are at fault; otherwise please use a carrier of your choice.")


def _fee(terms: Mapping[str, Any]) -> str:
    percent, amount = Decimal(terms.get("percent") or 0), terms.get("amount")
    if percent:
        return _("When you change your mind we keep %(percent)s %% for restocking.") % {
            "percent": f"{percent.normalize():f}"
        }
    return _("When you change your mind we keep %(amount)s for restocking.") % {"amount": amount} if amount else ""


def _shipping(terms: Mapping[str, Any]) -> str:
    when = []
    if terms.get("our_fault", True):
        when.append(_("when we are at fault"))
    if terms.get("everything", True):
        when.append(_("when all of the order comes back"))
    return _("It comes back too %(when)s.") % {"when": _(" and ").join(when)} if when else ""


def _ways(ways: Sequence[str], rules: Mapping[str, list[Mapping[str, Any]]]) -> str:
    text = (
        ", ".join(str(TITLES[way]) for way in ways)
        + ". "
        + _("What is open to your return is shown before you send it.")
    )
    ends = [terms["money_days"] for terms in rules["resolutions"] if "money_days" in terms]
    if ends:
        days = ngettext("%(days)s day", "%(days)s days", min(ends)) % {"days": min(ends)}
        text += " " + _("Money back ends %(days)s after we sent the order.") % {"days": days}
    if rules.get("keep_item"):
        text += " " + _("Some things you may keep and get your money all the same.")
    return text


def _money(terms: Mapping[str, Any], shop: Shop) -> str:
    when = {
        RefundAt.SCAN: _("The money is sent as soon as the carrier has scanned your parcel."),
        RefundAt.DELIVERY: _("The money is sent as soon as the carrier has delivered your parcel to us."),
        RefundAt.RECEIPT: _("The money is sent as soon as your parcel is booked in at our warehouse."),
        RefundAt.INSPECTION: _("The money is sent when we have looked at what you sent."),
    }
    within = ngettext("%(days)s business day", "%(days)s business days", shop.processing_days)
    return "{} {}".format(
        when[RefundAt(terms.get("default", RefundAt.INSPECTION))],
        _("After your parcel arrives that takes %(within)s; your bank usually needs 3–5 days more.")
        % {"within": within % {"days": shop.processing_days}},
    )
