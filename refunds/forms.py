"""What staff type about refunds."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from oms.models import OrderLine, Payment
from oms.money import Money, MoneyError, amount_text, exponent, parse_amount
from oms.refusals import Refused
from oms.templatetags.components import money as money_text
from refunds import evidence
from refunds.lifecycle import For
from refunds.models import ExternalRefund
from refunds.states import GoodwillReason, ManualMethod, RefundDestination, RefundStatus
from refunds.tenders import Tender


class FilterForm(forms.Form):
    """What the list shows. Values that are none change nothing."""

    status = forms.ChoiceField(label=_("Status"), required=False, choices=[("", _("all")), *RefundStatus.choices])
    q = forms.CharField(label=_("Refund, order or return"), required=False, max_length=40)


class RefusalForm(forms.Form):
    reason = forms.CharField(
        label=_("Why not"),
        max_length=60,
        help_text=_("A few words for colleagues. No names, addresses or card numbers."),
    )


class GoodwillForm(forms.Form):
    """An amount without goods. `form_token` is minted with the page: sent twice, asked for once."""

    amount = forms.CharField(label=_("Amount"), max_length=20)
    reason = forms.ChoiceField(
        label=_("Why"),
        choices=[("", _("Choose one")), *GoodwillReason.choices],
        error_messages={"required": _("Choose why."), "invalid_choice": _("Choose one of the reasons.")},
    )
    form_token = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(self, *args: object, currency: str, payments: list[Payment], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._currency = currency
        left = sum((payment.refundable for payment in payments), Decimal(0))
        self.fields["amount"].widget.attrs["inputmode"] = "decimal"
        self.fields["amount"].help_text = _(
            "What the customer gets, in %(currency)s, at most %(left)s. No sales tax is given back with it."
        ) % {
            "currency": currency,
            "left": f"{left:.{exponent(currency)}f}",
        }

    def clean_amount(self) -> Decimal:
        try:
            amount = parse_amount(self.cleaned_data["amount"].strip(), self._currency)
        except MoneyError as error:
            raise forms.ValidationError(str(error)) from None
        if amount <= 0:
            raise forms.ValidationError(_("The amount must be more than zero."))
        return amount


class MemoFilters(forms.Form):
    """Which credit memos the list shows: one series, from one number down."""

    q = forms.CharField(label=_("Number or order"), max_length=40, required=False)
    series = forms.ChoiceField(label=_("Series"), required=False)
    before = forms.IntegerField(required=False, min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)

    def __init__(self, *args: object, series: list[str], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["series"].choices = [(name, name) for name in series]  # type: ignore[attr-defined]


class ConfirmationForm(forms.Form):
    """How it was paid by hand, and what shows it."""

    method = forms.ChoiceField(label=_("How it was paid"), choices=ManualMethod.choices)
    reference = forms.CharField(
        label=_("Reference"), max_length=80, help_text=_("The bank's or till's number, under which it is found again.")
    )
    proof = forms.FileField(
        label=_("Receipt or statement"),
        required=False,
        help_text=_("JPEG, PNG or WebP up to 10 MB, or PDF up to 5 MB. Kept encrypted."),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp,application/pdf", "class": "file"}),
    )

    def clean_proof(self) -> tuple[bytes, str]:
        upload = self.cleaned_data.get("proof")
        if not upload:
            return b"", ""
        try:
            return evidence.clean(upload)
        except Refused as refused:
            raise forms.ValidationError(str(refused)) from None

    def to_evidence(self) -> evidence.Evidence:
        data = self.cleaned_data
        content, kind = data["proof"]
        return evidence.Evidence(ManualMethod(data["method"]), data["reference"].strip(), content, kind)


class RedirectForm(forms.Form):
    """Another way for value that cannot go the way it was to."""

    destination = forms.ChoiceField(label=_("Where it goes instead"))
    reason = forms.CharField(
        label=_("Why"), max_length=60, help_text=_("A few words for colleagues. No names, addresses or card numbers.")
    )

    def __init__(self, *args: object, ways: Iterable[RefundDestination] = (), **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["destination"].choices = [(way.value, way.label) for way in ways]  # type: ignore[attr-defined]


class TendersForm(forms.Form):
    """How much of a refund goes back to each payment of its order; a payment left empty gets nothing."""

    def __init__(self, *args: object, payments: Sequence[tuple[Payment, Decimal, Decimal]], **kwargs: object) -> None:
        """`payments` are each with what it gets now and what is left on it besides."""
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.payments = [payment for payment, _now, _room in payments]
        for number, (payment, now, room) in enumerate(payments, 1):
            about = {"number": number, "method": payment.get_method_display()}
            self.fields[f"payment_{payment.pk}"] = forms.CharField(
                label=_("Payment %(number)s: %(method)s") % about,
                help_text=_("At most %(room)s.") % {"room": money_text(Money(room, payment.currency))},
                required=False,
                max_length=20,
                initial=amount_text(now, payment.currency) if now else "",
                widget=forms.TextInput(attrs={"inputmode": "decimal"}),
            )

    def clean(self) -> dict[str, Any]:
        data, self.tenders = super().clean() or {}, []
        for payment in self.payments:
            text = (data.get(name := f"payment_{payment.pk}") or "").strip()
            if not text:
                continue
            try:
                amount = parse_amount(text, payment.currency)
            except MoneyError as error:
                self.add_error(name, str(error))
                continue
            if amount <= 0:
                self.add_error(name, _("The amount must be more than zero."))
            self.tenders.append(Tender(str(payment.pk), amount))
        if not self.tenders and not self.errors:
            raise forms.ValidationError(_("Say how much goes back to at least one payment."))
        return data


class AttachForm(forms.Form):
    """What an external refund was for: units and an amount per line of its order; lines left empty are not part."""

    def __init__(self, *args: object, external: ExternalRefund, lines: Iterable[OrderLine], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.external, self.lines = external, list(lines)
        for line in self.lines:
            about = {"sku": line.sku, "what": line.description}
            self.fields[f"quantity_{line.pk}"] = forms.IntegerField(
                label=_("Units of %(sku)s") % about, required=False, min_value=0, max_value=line.quantity
            )
            self.fields[f"amount_{line.pk}"] = forms.CharField(
                label=_("Amount for %(sku)s") % about,
                help_text=_("In %(currency)s, with the tax in it.") % {"currency": external.currency},
                required=False,
                max_length=20,
                widget=forms.TextInput(attrs={"inputmode": "decimal"}),
            )

    def rows(self) -> Iterator[tuple[OrderLine, forms.BoundField, forms.BoundField]]:
        for line in self.lines:
            yield line, self[f"quantity_{line.pk}"], self[f"amount_{line.pk}"]

    def clean(self) -> dict[str, Any]:
        data, self.parts = super().clean() or {}, []
        for line in self.lines:
            text, quantity = data.get(f"amount_{line.pk}") or "", data.get(f"quantity_{line.pk}") or 0
            if not text.strip():
                if quantity:
                    self.add_error(f"amount_{line.pk}", _("Say how much of the refund was for these units."))
                continue
            try:
                amount = parse_amount(text.strip(), self.external.currency)
            except MoneyError as error:
                self.add_error(f"amount_{line.pk}", str(error))
                continue
            if amount <= 0:
                self.add_error(f"amount_{line.pk}", _("The amount must be more than zero."))
                continue
            self.parts.append(For(line.pk, quantity, amount))
        if not self.parts and not self.errors:
            raise forms.ValidationError(_("Say what at least one line of the order got."))
        return data
