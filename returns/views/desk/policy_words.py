"""A rule of the policy as a sentence somebody who did not write it understands."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from oms.states import PaymentMethod
from returns.policy.exchange import RESERVED_DAYS, Scope
from returns.policy.rules import ANCHORS, TRANSIT_DAYS
from returns.states import RefundAt, ReleaseAt, Resolution

Parameters = Mapping[str, Any]
Names = Mapping[str, str]
"""Reason and condition codes → how people call them."""


def say(kind: str, parameters: Parameters, names: Names) -> str:
    """The rule in words; an unknown kind by its own name and values."""
    words = _WORDS.get(kind)
    if words is None:
        return f"{kind}: {dict(parameters)}"
    text = words(parameters, names)
    if categories := parameters.get("categories"):
        text += " " + _("Only for: %(categories)s.") % {"categories": ", ".join(categories)}
    return " ".join([text, *_when(kind, parameters, names)])


def _when(kind: str, parameters: Parameters, names: Names) -> Iterable[str]:
    """Which returns the rule speaks about, beside categories."""
    if kind in ("resolutions", "keep_item", "refund_at") and parameters.get("reasons"):
        yield _("Only for these reasons: %(reasons)s.") % {"reasons": _listed(parameters["reasons"], names)}
    if kind in ("resolutions", "keep_item") and parameters.get("conditions"):
        yield _("Only in these conditions: %(conditions)s.") % {"conditions": _listed(parameters["conditions"], names)}
    if parameters.get("resolutions"):
        ways = ", ".join(str(Resolution(code).label) for code in parameters["resolutions"])
        yield _("Only when the customer gets: %(ways)s.") % {"ways": ways}
    if parameters.get("methods"):
        ways = ", ".join(str(PaymentMethod(code).label) for code in parameters["methods"])
        yield _("Only when paid by: %(ways)s.") % {"ways": ways}
    if "days_over" in parameters:
        yield _("Only when the order is older than %(days)s.") % {"days": _days(parameters["days_over"])}
    if "returns_over" in parameters:
        yield _("Only for customers with more than %(count)s returns in a year.") % {
            "count": parameters["returns_over"]
        }
    if "value_over" in parameters:
        yield _("Only when worth more than %(value)s.") % {"value": parameters["value_over"]}
    if "value_up_to" in parameters and kind != "keep_item":
        yield _("Only when worth at most %(value)s.") % {"value": parameters["value_up_to"]}


def _days(count: int) -> str:
    return ngettext("%(count)s day", "%(count)s days", count) % {"count": count}


def _else(parameters: Parameters) -> str:
    if parameters.get("severity") == "review":
        return _("Otherwise a person decides.")
    return _("Otherwise it is refused.")


def _listed(codes: list[str], names: Names) -> str:
    return ", ".join(f"“{names.get(code, code)}”" for code in codes)


def _window(parameters: Parameters, names: Names) -> str:
    since = {"delivered": _("delivery"), "shipped": _("shipping"), "placed": _("the order")}
    anchors = [since[name] for name in parameters.get("anchors", ANCHORS)]
    text = _("Goods can be sent back within %(days)s of %(anchor)s.") % {
        "days": _days(parameters["days"]),
        "anchor": anchors[0],
    }
    if len(anchors) > 1:
        text += " " + _("What is not known counts from %(others)s.") % {"others": _(" or ").join(anchors[1:])}
    if "shipped" in parameters.get("anchors", ANCHORS):
        added = parameters.get("transit_days", TRANSIT_DAYS)
        text += " " + _("From shipping, %(days)s are added for the way.") % {"days": _days(added)}
    return f"{text} {_else(parameters)}"


def _final_sale(parameters: Parameters, names: Names) -> str:
    if parameters.get("unless_our_fault", True):
        return _("Final sales stay sold, unless the fault is ours.")
    return _("Final sales stay sold, whoever is at fault.")


def _not_shipped(parameters: Parameters, names: Names) -> str:
    return _("What was not shipped cannot come back; it can be canceled.")


def _already_returned(parameters: Parameters, names: Names) -> str:
    return _("Each piece comes back once.")


def _accepted_reasons(parameters: Parameters, names: Names) -> str:
    text = _("Accepted reasons: %(reasons)s.") % {"reasons": _listed(parameters["reasons"], names)}
    return f"{text} {_else(parameters)}"


def _accepted_conditions(parameters: Parameters, names: Names) -> str:
    text = _("Accepted conditions: %(conditions)s, and any when the fault is ours.") % {
        "conditions": _listed(parameters["conditions"], names)
    }
    return f"{text} {_else(parameters)}"


def _photo_required(parameters: Parameters, names: Names) -> str:
    count = parameters.get("count", 1)
    photos = ngettext("%(count)s photo is needed", "%(count)s photos are needed", count) % {"count": count}
    text = _("%(photos)s for: %(reasons)s.") % {"photos": photos, "reasons": _listed(parameters["reasons"], names)}
    return f"{text} {_else(parameters)}"


def _restocking_fee(parameters: Parameters, names: Names) -> str:
    percent, amount = Decimal(parameters.get("percent") or 0), Decimal(parameters.get("amount") or 0)
    if not percent and not amount:
        return _("No restocking fee is kept.")
    if percent:
        text = _("%(percent)s %% of the price is kept for restocking.") % {"percent": f"{percent.normalize():f}"}
    else:
        per = {"unit": _("piece"), "line": _("line")}.get(parameters.get("per", "return"), _("return"))
        text = _("%(amount)s is kept for restocking, for each %(per)s.") % {"amount": f"{amount:f}", "per": per}
    if parameters.get("maximum"):
        text += " " + _("At most %(maximum)s.") % {"maximum": parameters["maximum"]}
    if parameters.get("reasons"):
        text += " " + _("For: %(reasons)s.") % {"reasons": _listed(parameters["reasons"], names)}
    if parameters.get("tax_rate"):
        text += " " + _("It includes %(rate)s %% tax.") % {"rate": parameters["tax_rate"]}
    if parameters.get("waived_when_our_fault", True):
        text += " " + _("Never when the fault is ours.")
    return text


def _review_above(parameters: Parameters, names: Names) -> str:
    return _("A person decides about returns worth more than %(value)s.") % {"value": parameters["value"]}


def _customer_history(parameters: Parameters, names: Names) -> str:
    return ngettext(
        "A person decides when the customer had more than %(count)s return in a year.",
        "A person decides when the customer had more than %(count)s returns in a year.",
        parameters["returns"],
    ) % {"count": parameters["returns"]}


def _free_label(parameters: Parameters, names: Names) -> str:
    if parameters.get("everyone"):
        return _("The label is free for everyone.")
    reasons = parameters.get("reasons")
    text = _("The label is free when the fault is ours.")
    if reasons:
        text = _("The label is free when the fault is ours, and for: %(reasons)s.") % {
            "reasons": _listed(reasons, names)
        }
    if parameters.get("fee"):
        return text + " " + _("Otherwise it costs %(fee)s.") % {"fee": parameters["fee"]}
    if parameters.get("fee_percent"):
        return (
            text
            + " "
            + _("Otherwise it costs %(percent)s %% of what comes back.") % {"percent": parameters["fee_percent"]}
        )
    return text + " " + _("Otherwise the customer chooses a carrier and pays it.")


def _needs_pickup(parameters: Parameters, names: Names) -> str:
    what = [_("is hazardous")] if parameters.get("hazardous", True) else []
    if "over_grams" in parameters:
        what.append(_("weighs more than %(kilos)s kg") % {"kilos": f"{Decimal(parameters['over_grams']) / 1000:.4g}"})
    if "over_cm" in parameters:
        what.append(_("is longer than %(cm)s cm") % {"cm": parameters["over_cm"]})
    return _("What %(what)s is collected from the customer, and gets no label.") % {"what": _(" or ").join(what)}


def _refund_at(parameters: Parameters, names: Names) -> str:
    default = RefundAt(parameters.get("default", RefundAt.INSPECTION)).label
    text = _("Money moves %(when)s.") % {"when": default}
    for row in parameters.get("rows", ()):
        reasons = _listed(row.get("reasons") or [], names) or _("any reason")
        text += " " + _("For %(reasons)s: %(when)s.") % {"reasons": reasons, "when": RefundAt(row["at"]).label}
    return text


def _resolutions(parameters: Parameters, names: Names) -> str:
    allowed = ", ".join(str(Resolution(code).label) for code in parameters["allowed"])
    text = _("Customers get: %(allowed)s.") % {"allowed": allowed}
    if "money_days" in parameters:
        outcome = parameters.get("expired_outcome")
        after = Resolution(outcome).label if outcome else _("a person decides")
        text += " " + _("After %(days)s: %(outcome)s.") % {"days": _days(parameters["money_days"]), "outcome": after}
    return text


def _refund_shipping(parameters: Parameters, names: Names) -> str:
    when = []
    if parameters.get("our_fault", True):
        when.append(_("when the fault is ours"))
    if parameters.get("reasons"):
        when.append(_("for %(reasons)s") % {"reasons": _listed(parameters["reasons"], names)})
    if parameters.get("everything", True):
        when.append(_("with the last of an order"))
    if not when:
        return _("What was paid for sending is not paid back.")
    return _("What was paid for sending comes back %(when)s.") % {"when": _(" and ").join(when)}


def _promotions(parameters: Parameters, names: Names) -> str:
    if not parameters.get("requalify"):
        return _("A discount that asked for a minimum is kept by what stays.")
    text = _("A discount that asked for a minimum is taken back from what stays below it, unless the fault is ours.")
    if parameters.get("keep_reasons"):
        reasons = _listed(parameters["keep_reasons"], names)
        text += " " + _("It is kept for: %(reasons)s.") % {"reasons": reasons}
    return text


def _keep_item(parameters: Parameters, names: Names) -> str:
    text = _("What is worth %(value)s or less may be kept, and is paid back all the same.") % {
        "value": parameters["value_up_to"]
    }
    if "times" in parameters:
        text += " " + ngettext(
            "At most %(count)s time per customer and year.",
            "At most %(count)s times per customer and year.",
            parameters["times"],
        ) % {"count": parameters["times"]}
    if "value_in_all" in parameters:
        text += " " + _("At most %(value)s per customer and year.") % {"value": parameters["value_in_all"]}
    return text


def _exchange(parameters: Parameters, names: Names) -> str:
    return _("Instead of money customers may take %(scope)s; it is set aside for %(days)s.") % {
        "scope": Scope(parameters["scope"]).label,
        "days": _days(parameters.get("reserved_days", RESERVED_DAYS)),
    }


def _replacement(parameters: Parameters, names: Names) -> str:
    at = ReleaseAt(parameters.get("release_at", ReleaseAt.INSPECTION))
    return _("The same thing can be sent again at no charge, %(when)s.") % {"when": at.label}


def _expires_after(parameters: Parameters, names: Names) -> str:
    words = _("The parcel is posted within %(days)s, or the return runs out.") % {"days": _days(parameters["days"])}
    if remind := parameters.get("remind_days"):
        words += " " + _("Customers are reminded %(days)s before.") % {"days": _days(remind)}
    return words


def _not_delivered(parameters: Parameters, names: Names) -> str:
    kinds = {"shipping_when_refused": _("refused"), "shipping_when_undeliverable": _("not deliverable")}
    if back := [label for name, label in kinds.items() if parameters.get(name)]:
        return _("What was paid for sending comes back too when the parcel was %(kinds)s.") % {
            "kinds": _(" or ").join(back)
        }
    return _("When a parcel was refused or could not be delivered, what was paid for sending it is kept.")


_WORDS: dict[str, Callable[[Parameters, Names], str]] = {
    "window": _window,
    "final_sale": _final_sale,
    "not_shipped": _not_shipped,
    "already_returned": _already_returned,
    "accepted_reasons": _accepted_reasons,
    "accepted_conditions": _accepted_conditions,
    "photo_required": _photo_required,
    "restocking_fee": _restocking_fee,
    "review_above": _review_above,
    "customer_history": _customer_history,
    "free_label": _free_label,
    "needs_pickup": _needs_pickup,
    "refund_at": _refund_at,
    "resolutions": _resolutions,
    "keep_item": _keep_item,
    "refund_shipping": _refund_shipping,
    "promotions": _promotions,
    "exchange": _exchange,
    "replacement": _replacement,
    "expires_after": _expires_after,
    "not_delivered": _not_delivered,
}
