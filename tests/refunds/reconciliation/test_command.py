"""`manage.py reconcile`: what it prints, how it ends, what it keeps."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from refunds.models import Discrepancy, ReconciliationRun
from tests.refunds.reconciliation.test_working import a_settled_refund
from tests.sandbox import Sandbox

pytestmark = pytest.mark.django_db

HEAD = "*InvoiceNumber,Reference,*InvoiceDate,*Quantity,*UnitAmount,*TaxType\n"


def ended(capsys: pytest.CaptureFixture[str], *given: str) -> tuple[int, str]:
    code = 0
    try:
        call_command("reconcile", *given)
    except SystemExit as end:
        code = int(end.code or 0)
    except CommandError as problem:
        return problem.returncode, str(problem)
    return code, capsys.readouterr().out


def test_books_that_agree(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    a_settled_refund(sandbox)
    code, out = ended(capsys)
    run = ReconciliationRun.objects.get()
    assert (code, out) == (0, f"Nothing differs.\n{run.number}: 0 new, 0 open again, 0 no longer seen.\n")


def test_what_differs_ends_with_one(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    a_settled_refund(sandbox, fee=5)
    code, out = ended(capsys, "--json")
    told = json.loads(out)
    assert (code, told["causes"], told["new"], told["dry_run"]) == (1, {"fee": 1}, 1, False)
    assert Discrepancy.objects.get().seen_in.number == told["run"]


@pytest.mark.parametrize("as_json", [True, False])
def test_a_dry_run_finds_the_same_and_keeps_nothing(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    refund = a_settled_refund(sandbox, fee=5)
    code, out = ended(capsys, "--dry-run", *(["--json"] if as_json else []))
    assert code == 1
    if as_json:
        told = json.loads(out)
        assert (told["causes"], told["differences"][0]["key"]) == ({"fee": 1}, f"provider:{refund.number}:fee")
    else:
        assert "Nothing was kept: this was a dry run." in out
    assert (ReconciliationRun.objects.count(), Discrepancy.objects.count()) == (0, 0)


def test_a_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "notes.csv"
    path.write_text(f"{HEAD}CN-1,R-1,05/09/2026,-1,5.00,No VAT\n")
    assert ended(capsys, "--file", str(path), "--json", "--dry-run")[0] == 1
    assert ended(capsys, "--file", str(path), "--json")[0] == 1
    code, words = ended(capsys, "--file", str(path))
    assert (code, "compared already" in words) == (1, True)
    assert ended(capsys, "--accounting", str(path), "--again", "--currency", "eur")[0] == 1


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--from", "2026-10-01"], "--from and --to go together."),
        (["--from", "2026-10-02", "--to", "2026-10-01"], "--to is before --from."),
        (["--file", "/no/such/file"], "file: Line 1: The file cannot be read: No such file or directory."),
        (["--file", "/dev/null", "--currency", "XXX"], "XXX is no currency code of ISO 4217."),
        (["--file", "/dev/null"], "null: Line 1: The file is empty."),
    ],
)
def test_what_cannot_be_read(given: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(capsys, *given) == (2, words)
    assert ReconciliationRun.objects.count() == 0


def test_a_provider_that_is_away(sandbox: Sandbox, settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    a_settled_refund(sandbox)
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    assert ended(capsys, "--dry-run") == (3, "Stripe did not answer.")


def test_a_period_of_days(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    a_settled_refund(sandbox, fee=5)
    today = timezone.now().date()
    code, _out = ended(capsys, "--from", str(today - timedelta(days=3)), "--to", str(today))
    assert (code, Discrepancy.objects.count()) == (0, 0)


def test_nothing_to_compare_with(capsys: pytest.CaptureFixture[str]) -> None:
    code, words = ended(capsys)
    assert (code, words.startswith("There is nothing to compare with")) == (1, True)
