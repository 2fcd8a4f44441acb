"""Every difference from the core system has a cause that reproduces its figure to the cent, or is a finding."""

import csv
import io
import json
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from borrowers.errors import CoreFileUnreadable, DayNotClosed
from borrowers.models import Charge, Loan, LoanEvent, Reconciliation, ReconciliationDifference
from borrowers.reconciling.reading import Columns
from borrowers.services import reconcile
from tests.factories import at, make_loan, make_payment, make_reversal, make_schedule

DAY = date(2026, 6, 30)
PLAN = [(date(2026, 4, 10), 100), (date(2026, 5, 10), 100), (date(2026, 6, 10), 100), (date(2026, 7, 10), 100)]

pytestmark = pytest.mark.django_db


def write(path: Path, *rows: tuple[Any, ...], header: str = "loan_id,dpd,balance") -> Path:
    lines = [header, *(",".join("" if cell is None else str(cell) for cell in row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def cause_of(loan: Loan, days: int | None, balance: Any, tmp_path: Path, **options: Any) -> tuple[str, str]:
    source = write(tmp_path / "core.csv", (loan.external_id, days, balance))
    report = reconcile(source=source, **options)
    found = ReconciliationDifference.objects.filter(reconciliation=report.id, loan_reference=loan.external_id).first()
    return (found.cause, found.explanation) if found else ("agrees", "")


def test_equal_figures_agree(frozen_day: date, tmp_path: Path) -> None:
    loan = make_loan(instalments=PLAN, payments=[(date(2026, 4, 10), 100)])

    assert cause_of(loan, 51, "300.00", tmp_path) == ("agrees", "")
    assert cause_of(loan, 51, None, tmp_path) == ("agrees", "")
    assert cause_of(loan, None, "300", tmp_path) == ("agrees", "")


def test_a_payment_that_one_side_lacks_is_named(frozen_day: date, tmp_path: Path) -> None:
    loan = make_loan(instalments=PLAN)
    make_payment(loan, date(2026, 4, 10), 100, external_id="P-1")
    make_payment(loan, date(2026, 5, 10), 70, external_id="P-2")

    assert cause_of(loan, 51, "300.00", tmp_path) == ("payment_not_there", "70.00 of 2026-05-10 (P-2)")


def test_pending_and_taken_back_payments_are_told_apart(frozen_day: date, tmp_path: Path) -> None:
    pending = make_loan(instalments=PLAN)
    make_payment(pending, date(2026, 6, 29), 100, status="in_clearing", external_id="P-3")
    reversed_ = make_loan(instalments=PLAN)
    make_reversal(make_payment(reversed_, date(2026, 4, 10), 100), date(2026, 4, 15))

    assert cause_of(pending, 51, "300.00", tmp_path) == ("payment_in_flight", "100.00 of 2026-06-29 (P-3)")
    assert cause_of(reversed_, 51, "300.00", tmp_path) == ("reversal_not_there", "100.00 of 2026-04-10")


def test_what_became_known_later_explains_an_earlier_report(frozen_day: date, tmp_path: Path) -> None:
    loan = make_loan(instalments=PLAN)
    make_payment(loan, date(2026, 4, 10), 100, booked=date(2026, 6, 20))

    cause, why = cause_of(loan, 51, "400.00", tmp_path, as_of=date(2026, 5, 31))

    assert cause == "known_later"
    assert "100.00 of 2026-04-10, booked 2026-06-20" in why


def test_rules_of_the_core_system_are_found_out(frozen_day: date, tmp_path: Path) -> None:
    loan = make_loan(instalments=[(date(2026, 5, 10), 90, 10), (date(2026, 6, 10), 90, 10)], tolerance=5)
    make_payment(loan, date(2026, 5, 10), 96)

    assert cause_of(loan, 20, "104.00", tmp_path)[0] == "agrees"
    assert cause_of(loan, 21, "104.00", tmp_path)[0] == "due_day_counts"
    assert cause_of(loan, 19, "104.00", tmp_path)[0] == "day_before"
    assert cause_of(loan, 51, "104.00", tmp_path)[0] == "no_tolerance"
    assert cause_of(loan, 20, "94.00", tmp_path)[0] == "principal_only"
    assert cause_of(loan, 20, "100.00", tmp_path)[0] == "overdue_only"


def test_charges_and_schedules_explain_differences(frozen_day: date, tmp_path: Path) -> None:
    charged = make_loan(instalments=PLAN[:2], payments=[(date(2026, 5, 1), 200)])
    Charge.objects.create(loan=charged, kind="late_fee", amount=15, effective_on=date(2026, 6, 1), booked_at=at(DAY))
    moved = make_loan(instalments=PLAN)
    make_schedule(moved, [(day + timedelta(days=60), amount) for day, amount in PLAN], effective_on=DAY, version=2)

    assert cause_of(charged, 0, "0.00", tmp_path)[0] == "without_charges"
    assert cause_of(charged, 29, "15.00", tmp_path)[0] == "charges_age"
    assert cause_of(moved, 81, "400.00", tmp_path)[0] == "earlier_schedule"


def test_two_causes_together_are_found(frozen_day: date, tmp_path: Path) -> None:
    loan = make_loan(instalments=PLAN)
    make_payment(loan, date(2026, 6, 29), 100, status="pending")

    cause, _ = cause_of(loan, 52, "300.00", tmp_path)

    assert cause == "due_day_counts+payment_in_flight"


def test_a_written_off_loan_that_the_core_system_shows_as_nothing(frozen_day: date, tmp_path: Path) -> None:
    loan = make_loan(instalments=PLAN)
    LoanEvent.objects.create(
        loan=loan, kind="written_off", effective_on=date(2026, 6, 1), booked_at=at(date(2026, 6, 1))
    )

    assert cause_of(loan, 0, "0.00", tmp_path)[0] == "written_off"


def test_what_nothing_explains_is_a_finding_and_the_command_ends_with_one(frozen_day: date, tmp_path: Path) -> None:
    loan = make_loan(instalments=PLAN)
    source = write(tmp_path / "core.csv", (loan.external_id, 81, "399.99"))
    out = io.StringIO()

    with pytest.raises(SystemExit) as ended:
        call_command("reconcile", str(source), json=True, stdout=out)

    assert ended.value.code == 1
    answer = json.loads(out.getvalue())
    assert answer["by_cause"] == {"unexplained": 1}
    assert loan.external_id in answer["findings"][0]


def test_control_totals_tie_out_by_cause(frozen_day: date, tmp_path: Path) -> None:
    agreeing, short, lacking = (make_loan(instalments=PLAN) for _ in range(3))
    make_payment(short, date(2026, 4, 10), 100)
    euro = make_loan(instalments=PLAN, currency="EUR")
    source = write(
        tmp_path / "core.csv",
        (agreeing.external_id, 81, "400.00"),
        (short.external_id, 81, "400.00"),
        (euro.external_id, 81, "410.00"),
        ("X-1", 3, "50.00"),
    )

    report = reconcile(source=source, output=tmp_path / "out.csv")

    totals = {total["currency"]: total for total in report.totals}
    assert totals["USD"]["difference_amount"] == Decimal("-300.00")
    assert totals["USD"]["by_cause"] == {"payment_not_there": 100, "missing_there": -400}
    assert totals["EUR"]["by_cause"] == {"unexplained": 10}
    assert totals[""]["by_cause"] == {"missing_here": 50}
    assert (report.n_core, report.n_agreeing) == (4, 1)
    with (tmp_path / "out.csv").open(encoding="utf-8-sig") as stream:
        rows = {row["loan_reference"]: row for row in csv.DictReader(stream)}
    assert rows[lacking.external_id]["cause"] == "missing_there"


def test_the_result_is_kept_and_cannot_be_changed(frozen_day: date, tmp_path: Path) -> None:
    loan = make_loan(instalments=PLAN)
    report = reconcile(source=write(tmp_path / "core.csv", (loan.external_id, 81, "1.00")))

    record = Reconciliation.objects.get(pk=report.id)
    assert (record.n_core, record.n_unexplained, record.differences.count()) == (1, 1, 1)
    for table in ("borrowers_reconciliation", "borrowers_reconciliationdifference"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table}")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("loan_id,dpd\nL1,x\n", "row 2: 'x' is not a number of days"),
        ("loan_id,balance\nL1,12.x\n", "row 2: '12.x' is not an amount"),
        ("loan_id,balance\nL1,NaN1\n", "is not an amount"),
        ("loan_id,dpd\nL1,1\nL1,2\n", "row 3: loan L1 was in row 2 already"),
        ("loan_id,dpd\n,1\n", "row 2: the loan number is empty"),
        ("a,b\n1,2\n", "no column is known to hold loan numbers"),
        ("loan_id,b\n1,2\n", "no column is known to hold days past due or a balance"),
    ],
)
def test_a_bad_file_names_row_and_remedy(frozen_day: date, tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "core.csv").write_text(text)

    with pytest.raises(CoreFileUnreadable, match=complaint):
        reconcile(source=tmp_path / "core.csv")


def test_columns_and_decimal_commas_can_be_named(frozen_day: date, tmp_path: Path) -> None:
    loan = make_loan(instalments=PLAN)
    source = tmp_path / "core.csv"
    source.write_text(f"Vertrag;Verzug;Saldo\n{loan.external_id};81;1.400,00\n")

    report = reconcile(source=source, columns=Columns("Vertrag", "Verzug", "Saldo"), decimal=",")

    assert report.totals[0]["core_balance_amount"] == Decimal("1400.00")
    with pytest.raises(CoreFileUnreadable, match="has no column 'Konto'"):
        reconcile(source=source, columns=Columns("Konto"), decimal=",")


def test_formula_cells_of_the_output_are_text(frozen_day: date, tmp_path: Path) -> None:
    make_loan(instalments=PLAN)
    reconcile(source=write(tmp_path / "core.csv", ("=1+1", 3, "5.00")), output=tmp_path / "out.csv")

    assert "'=1+1" in (tmp_path / "out.csv").read_text(encoding="utf-8-sig")


def test_a_day_that_is_not_closed_is_refused(frozen_day: date, tmp_path: Path) -> None:
    source = write(tmp_path / "core.csv", ("L1", 3, "5.00"))

    with pytest.raises(DayNotClosed):
        reconcile(source=source, as_of=DAY + timedelta(days=1))
    with pytest.raises(CommandError, match="business date"):
        call_command("reconcile", str(source), as_of=DAY + timedelta(days=1))
