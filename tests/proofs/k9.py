"""K9: money arithmetic in currencies of 0, 2 and 3 decimals.

Random orders (lines with discount and tax on top or included, order discounts, shipping, several payments) are
returned in random sequences of partial returns, some as money without goods, some with fees (percent or fixed, per
unit, line or return, capped, taxed or not), until nothing is left. Every part must sum to what was paid: per line gross
and tax, shipping in one or two parts, per tax rate, per payment less the fees, and units priced one claim at a time.
"""

import random
from collections.abc import Callable
from decimal import ROUND_HALF_UP
from decimal import Decimal as D
from fractions import Fraction
from typing import Any

from refunds.amounts import ClaimedLine, price_units
from refunds.quote_json import quote_value
from refunds.tenders import METHODS, ORDERS

SMALL, FULL = 3_000, 100_000
CURRENCIES = {"JPY": 0, "GBP": 2, "KWD": 3}
RATES = ("0", "5", "5.5", "7", "19", "20", "25", "100")


def run(size: int = SMALL, progress: Callable[[int, int], None] = lambda done, total: None) -> dict[str, Any]:
    """Prove `size` sequences; `wrong` names the seeds whose parts do not add up (must be empty)."""
    wrong: list[int] = []
    quotes = units = 0
    for seed in range(size):
        rnd = random.Random(seed)
        case, paid = make_case(rnd)
        answer = quote_value(case)
        quotes += len(answer.get("quotes", ()))
        units += sum(line["quantity"] for line in case["order"]["lines"])
        if "error" in answer or not adds_up(answer, case, paid) or not units_add_up(paid, case["currency"], rnd):
            wrong.append(seed)
        if seed % 500 == 499:
            progress(seed + 1, size)
    return {"id": "K9", "sequences": size, "quotes": quotes, "units": units, "wrong": wrong, "passed": not wrong}


class Paid:
    """What an order came to, reckoned here in its own way: plain Decimal, no minor units, no product code."""

    def __init__(self, case: dict[str, Any]) -> None:
        order = case["order"]
        self.places = D(1).scaleb(-CURRENCIES[case["currency"]])
        values = [D(line["unit_price"]) * line["quantity"] - D(line.get("discount", "0")) for line in order["lines"]]
        adjusted = list(values)
        for adjustment in order["adjustments"]:
            shares = self._spread(D(adjustment["amount"]), values)
            adjusted = [value + share for value, share in zip(adjusted, shares, strict=True)]
        self.lines = {
            line["id"]: (line["quantity"], *self._taxed(value, line.get("tax_rate", "0"), order["prices_include_tax"]))
            for line, value in zip(order["lines"], adjusted, strict=True)
        }
        self.shipping = {
            entry["id"]: self._taxed(D(entry["amount"]), entry["tax_rate"], entry["prices_include_tax"])
            for entry in order["shipping"]
        }

    def _round(self, value: D) -> D:
        return value.quantize(self.places, rounding=ROUND_HALF_UP)

    def _taxed(self, value: D, rate: str, included: bool) -> tuple[D, D]:
        if included:
            return value, self._round(value * D(rate) / (100 + D(rate)))
        tax = self._round(value * D(rate) / 100)
        return value + tax, tax

    def _spread(self, amount: D, values: list[D]) -> list[D]:
        """Largest remainder by repeated giving: slow, plain, and not the product's way."""
        sign = -1 if amount < 0 else 1
        weights = values if sum(values) else [D(1)] * len(values)
        exact = [Fraction(abs(amount)) * Fraction(weight) / Fraction(sum(weights)) for weight in weights]
        shares = [share // Fraction(self.places) * self.places for share in exact]
        while sum(shares) < abs(amount):
            rests = [share - Fraction(given) for share, given in zip(exact, shares, strict=True)]
            shares[rests.index(max(rests))] += self.places
        return [sign * share for share in shares]

    @property
    def total(self) -> D:
        return sum((line[1] for line in self.lines.values()), D(0)) + sum(
            (entry[0] for entry in self.shipping.values()), D(0)
        )


def make_case(rnd: random.Random) -> tuple[dict[str, Any], Paid]:
    """One order and a sequence of returns that ends in everything returned."""
    currency = rnd.choice(list(CURRENCIES))
    places = CURRENCIES[currency]

    def money(low: int, high: int) -> str:
        return f"{D(rnd.randint(low, high)).scaleb(-places):f}"

    lines = []
    for at in range(rnd.randint(1, 4)):
        quantity, price = rnd.randint(1, 12), money(0, 9_999)
        worth = int((D(price) * quantity).scaleb(places))
        lines.append(
            {"id": f"L{at}", "quantity": quantity, "unit_price": price, "tax_rate": rnd.choice(RATES)}
            | ({"discount": money(0, worth // 2)} if rnd.random() < 0.4 else {})
        )
    worth = sum(int((D(ln["unit_price"]) * ln["quantity"] - D(ln.get("discount", "0"))).scaleb(places)) for ln in lines)
    order: dict[str, Any] = {
        "prices_include_tax": rnd.random() < 0.5,
        "lines": lines,
        "adjustments": [{"label": "ALL", "amount": f"-{money(0, worth // 3)}"}]
        if worth > 9 and rnd.random() < 0.6
        else [],
        "shipping": [
            {
                "id": "S",
                "amount": money(1, 2_000),
                "tax_rate": rnd.choice(RATES),
                "prices_include_tax": rnd.random() < 0.5,
            }
        ]
        if rnd.random() < 0.5
        else [],
    }
    case = {"currency": currency, "order": order, "tender_order": rnd.choice(ORDERS)}
    paid = Paid(case)
    order["payments"] = _payments(rnd, paid.total, places)
    case["returns"] = _returns(rnd, paid, places)
    return case, paid


def _payments(rnd: random.Random, total: D, places: int) -> list[dict[str, str]]:
    minor = int(total.scaleb(places))
    cuts = sorted(rnd.randint(0, minor) for _ in range(rnd.randint(0, 2)))
    parts = [high - low for low, high in zip([0, *cuts], [*cuts, minor], strict=True)]
    return [
        {"id": f"p{at}", "method": rnd.choice(METHODS), "captured": f"{D(part).scaleb(-places):f}"}
        for at, part in enumerate(parts)
    ]


def _returns(rnd: random.Random, paid: Paid, places: int) -> list[dict[str, Any]]:
    """Units and amounts of money in random portions, until every unit and the shipping are back."""
    sequences = []
    for key, (quantity, gross, _tax) in paid.lines.items():
        steps: list[dict[str, Any]] = []
        left = quantity
        while left:
            portion = rnd.randint(1, left)
            steps.append({"lines": [{"id": key, "quantity": portion}]})
            left -= portion
        # Money without goods comes before the last portion, which takes the rest, and is less than that one is worth.
        most = int((gross * portion / quantity / 2).scaleb(places))
        if most and rnd.random() < 0.3:
            amount = D(rnd.randint(1, most)).scaleb(-places)
            steps.insert(rnd.randrange(len(steps)), {"lines": [{"id": key, "gross": f"{amount:f}"}]})
        sequences.append(steps)
    mixed = []
    while any(sequences):
        mixed.append(rnd.choice([steps for steps in sequences if steps]).pop(0))
    returns: list[dict[str, Any]] = []
    for step in mixed:
        if returns and rnd.random() < 0.4:
            returns[-1]["lines"].extend(step["lines"])
        else:
            returns.append(step)
    for key, (gross, _tax) in paid.shipping.items():
        first, second = sorted(rnd.choices(range(len(returns)), k=2))
        half = int((gross / 2).scaleb(places))
        if half and first != second:
            returns[first]["shipping"] = [{"id": key, "gross": f"{D(rnd.randint(1, half)).scaleb(-places):f}"}]
        returns[second]["shipping"] = [{"id": key}]
    free = {entry["id"] for one in returns for entry in one["lines"] if "gross" in entry}  # may pay nothing later
    for one in returns:
        if rnd.random() < 0.3:
            one["fees"] = [_fee(rnd, one, paid, places, fixed=one["lines"][0]["id"] not in free)]
    return returns


def _fee(rnd: random.Random, returned: dict[str, Any], paid: Paid, places: int, *, fixed: bool) -> dict[str, str]:
    """A fee that its return can bear: at most two fifths of it before tax, or a tenth of its first entry."""
    entry = returned["lines"][0]
    quantity, gross, tax = paid.lines[entry["id"]]
    worth = (gross - tax) * entry.get("quantity", 0) / quantity / 2
    pieces = sum(one.get("quantity", 0) for one in returned["lines"])
    most = int((worth / 10 / max(1, pieces) / len(returned["lines"])).scaleb(places))
    fee = {"code": "fee", "per": rnd.choice(("unit", "line", "return"))}
    if rnd.random() < 0.4 and most and fixed:
        fee["amount"] = f"{D(rnd.randint(1, most)).scaleb(-places):f}"
    else:
        fee["percent"] = str(rnd.randint(0, 40))
    if rnd.random() < 0.3:
        fee["max"] = f"{D(rnd.randint(0, 999)).scaleb(-places):f}"
    if rnd.random() < 0.5:
        fee["tax_rate"] = rnd.choice(("0", "7", "20"))
    return fee


def fee_is_right(paid: Paid, asked: dict[str, Any], quote: dict[str, Any], *, included: bool) -> bool:
    """The fee reckoned again, from the quoted lines."""
    if "fees" not in asked:
        return quote["fees"] == []
    [fee], [quoted] = asked["fees"], quote["fees"]
    if "percent" in fee:
        base = sum(D(line["gross" if included else "net"]) for line in quote["lines"])
        value = paid._round(base * D(fee["percent"]) / 100)
    else:
        units = sum(line["quantity"] for line in quote["lines"])
        times = {"unit": units, "line": len({line["id"] for line in quote["lines"]}), "return": 1}
        value = D(fee["amount"]) * times[fee["per"]]
    gross, tax = paid._taxed(min(value, D(fee["max"])) if "max" in fee else value, fee.get("tax_rate", "0"), included)
    return [D(quoted["gross"]), D(quoted["tax"]), D(quoted["net"])] == [gross, tax, gross - tax]


def adds_up(answer: dict[str, Any], case: dict[str, Any], paid: Paid) -> bool:
    """Sums over all quotes against what was paid: per line, per shipping entry, in all, per payment."""
    quotes, order = answer["quotes"], case["order"]
    included = order["prices_include_tax"]
    if not all(
        fee_is_right(paid, asked, quote, included=included)
        for asked, quote in zip(case["returns"], quotes, strict=True)
    ):
        return False
    fees = [fee for quote in quotes for fee in quote["fees"]]
    kept = sum((D(fee["gross"]) for fee in fees), D(0))
    sums: dict[str, list[D]] = {key: [D(0), D(0)] for key in (*paid.lines, *paid.shipping)}
    for quote in quotes:
        for part in (*quote["lines"], *quote["shipping"]):
            if D(part["net"]) + D(part["tax"]) != D(part["gross"]):
                return False
            sums[part["id"]][0] += D(part["gross"])
            sums[part["id"]][1] += D(part["tax"])
        if sum(D(tender["amount"]) for tender in quote["tenders"]) != D(quote["total"]):
            return False
    per_payment = {payment["id"]: D(0) for payment in order["payments"]}
    left = {payment["id"]: D(payment["captured"]) for payment in order["payments"]}
    taxes = sum((tax for *_rest, tax in (*paid.lines.values(), *paid.shipping.values())), D(0))
    for tender in (tender for quote in quotes for tender in quote["tenders"]):
        per_payment[tender["payment"]] += D(tender["amount"])
    return (
        all(sums[key] == [gross, tax] for key, (_quantity, gross, tax) in paid.lines.items())
        and all(sums[key] == list(entry) for key, entry in paid.shipping.items())
        and sum(D(quote["total"]) for quote in quotes) == paid.total - kept
        and sum(D(tax) for quote in quotes for tax in quote["tax_by_rate"].values())
        == sum(D(quote["tax"]) for quote in quotes)
        == taxes - sum((D(fee["tax"]) for fee in fees), D(0))
        and all(per_payment[key] <= left[key] for key in left)
        and (kept > 0 or per_payment == left)
        and D(answer["refundable_left"]) == 0
    )


def units_add_up(paid: Paid, currency: str, rnd: random.Random) -> bool:
    """The product's way: claims of units in any order, each priced by itself."""
    for key, (quantity, gross, tax) in paid.lines.items():
        numbers = list(range(quantity))
        rnd.shuffle(numbers)
        back = back_tax = D(0)
        while numbers:
            count = rnd.randint(1, len(numbers))
            claimed, numbers = sorted(numbers[:count]), numbers[count:]
            units = tuple((number, number + 1) for number in claimed)
            quote = price_units([ClaimedLine(key, "", gross, tax, quantity, units)], [], currency)
            back, back_tax = back + quote.total, back_tax + quote.tax
        if (back, back_tax) != (gross, tax):
            return False
    return True
