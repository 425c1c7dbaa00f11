"""What component templates show: amounts, sparklines, problems of a form, whole pages of errors."""

from decimal import Decimal
from xml.etree import ElementTree

import pytest
from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from oms.money import Money
from oms.templatetags.components import money, problems, qr, sparkline, step_states


@pytest.mark.parametrize(
    ("value", "currency", "shown"),
    [
        (Money(Decimal("1234.50"), "GBP"), "", "£1,234.50"),
        (Money(Decimal("-16.17"), "GBP"), "", "−£16.17"),
        (Decimal("0"), "EUR", "€0.00"),
        (Decimal("1000"), "JPY", "¥1,000"),
        (Decimal("12.5"), "CHF", "CHF\N{NO-BREAK SPACE}12.50"),
        (Decimal("-1.25"), "KWD", "−KWD\N{NO-BREAK SPACE}1.250"),
        ("ready", "", "ready"),
        (None, "", ""),
    ],
)
def test_money_reads_as_people_write_it(value: object, currency: str, shown: str) -> None:
    assert money(value, currency) == shown


def test_steps_before_now_and_after() -> None:
    assert step_states(2, 4) == ["done", "current", "todo", "todo"]


@pytest.mark.parametrize(
    ("points", "line", "area"),
    [
        ([0, 10], "M0.0 22.0L100.0 2.0", "M0.0 22.0L100.0 2.0L100 24L0 24Z"),
        ([5, 5, 5], "M0.0 12.0L50.0 12.0L100.0 12.0", "M0.0 12.0L50.0 12.0L100.0 12.0L100 24L0 24Z"),
        ([0, None, Decimal(10)], "M0.0 22.0M100.0 2.0", ""),
        ([7], "", ""),
        ([None, None], "", ""),
        ([], "", ""),
    ],
)
def test_sparkline(points: list[object], line: str, area: str) -> None:
    assert sparkline(points) == {"line": line, "area": area}


class Question(forms.Form):
    quantity = forms.IntegerField(min_value=1, max_value=6, help_text="You bought 6.")
    reason = forms.ChoiceField(choices=[("s", "Too small")], widget=forms.RadioSelect)
    note = forms.CharField(required=False)
    agree = forms.BooleanField(label="Packed")

    def clean(self) -> None:
        raise forms.ValidationError("Choose at least one line.")


def test_problems_lead_to_their_fields() -> None:
    found = problems(Question({"quantity": "9", "agree": "on"}))
    assert [(problem.label, problem.target) for problem in found] == [
        ("", ""),
        ("Quantity", "id_quantity"),
        ("Reason", "id_reason_0"),
    ]
    assert found[0].sentence == "Choose at least one line."
    assert problems(Question()) == []
    assert len(problems([Question({}), Question({}, prefix="b")])) == 8


def test_a_refused_field_names_its_hint_and_error() -> None:
    shown = Question({"quantity": "9"})["quantity"].as_field_group()
    assert 'aria-invalid="true"' in shown
    assert 'aria-describedby="id_quantity_helptext id_quantity_error"' in shown
    assert 'id="id_quantity_helptext"' in shown
    assert 'id="id_quantity_error"' in shown
    assert '<label class="field__label" for="id_quantity">' in shown


def test_what_people_type_is_escaped() -> None:
    shown = str(Question({"quantity": "<script>alert(1)</script>", "note": '"><img src=x>'}))
    assert "<script>" not in shown
    assert "<img" not in shown


def test_a_qr_code_is_clean_svg_with_a_name() -> None:
    drawn = qr("https://shop.example/r/1?a=1&b=2", "Return <1>")
    assert isinstance(drawn, SafeString)
    root = ElementTree.fromstring(drawn)
    assert root.get("role") == "img"
    assert root.find("title").text == "Return <1>"
    assert "style" not in drawn


@pytest.mark.parametrize("name", ["400", "403", "404", "429", "500", "403_csrf"])
def test_error_pages_need_nothing(name: str) -> None:
    """They are drawn when everything else is broken: no request, no shop, no database."""
    shown = render_to_string(f"{name}.html")
    assert "<h1>" in shown
    assert 'href="/' in shown
