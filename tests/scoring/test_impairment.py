"""Stages by a rise of PD, and the file of inputs: against scores and figures read one by one."""

import csv
import json
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pandas as pd
import pytest
from django.core.management import call_command

from borrowers.measures.services import measure_stages
from borrowers.models import Delinquency, Loan
from borrowers.services import refresh_delinquency
from scoring.engine.services import score_loans
from scoring.errors import ExportRefused
from scoring.impairment import export_impairment_inputs, find_risen_pd
from scoring.models import Score, ScoringRun
from tests.factories import make_loan
from tests.models import promote, promote_logistic, register_logistic


@pytest.fixture
def loans(frozen_day: date) -> list[Loan]:
    """Make loans that are current to 150 days late; the first has a number that a spreadsheet would run."""
    loans = [
        make_loan(
            instalments=[(frozen_day - timedelta(days=days), 400, 20), (date(2027, 1, 10), 600, 30)],
            approved_on=date(2025, 10, 1),
            external_id=f"=L{days}",
            annual_interest_ratio=Decimal("0.24"),
        )
        for days in (0, 5, 31, 70, 91, 150)
    ]
    make_loan(instalments=[(date(2026, 1, 1), 500)], approved_on=date(2025, 10, 1), written_off_on=date(2026, 6, 1))
    refresh_delinquency()
    return loans


def score_twice(frozen_day: date) -> None:
    promote_logistic()
    score_loans(as_of=frozen_day - timedelta(days=60))
    score_loans(as_of=frozen_day)


def test_rise_of_pd_is_not_known_from_one_score(loans: list[Loan]) -> None:
    promote_logistic()
    score_loans()
    assert find_risen_pd() is None


def test_runs_of_two_segments_on_one_day_are_one_scoring(loans: list[Loan]) -> None:
    promote_logistic()
    promote(register_logistic(days_past_due=1.0), segment="31-60")
    score_loans()
    assert ScoringRun.objects.count() == 2
    assert find_risen_pd() is None
    score_loans()
    assert find_risen_pd() == []


def test_rise_is_a_multiple_and_a_step_since_the_first_score(loans: list[Loan], frozen_day: date) -> None:
    score_twice(frozen_day)
    pds = {loan.pk: [*Score.objects.filter(loan=loan).order_by("id").values_list("pd", flat=True)] for loan in loans}
    assert any(last != first for first, last in pds.values())
    for multiple, step in ((0.5, 0.0), (1.0, 0.0), (1.05, 0.001), (2.0, 0.02)):
        expected = sorted(pk for pk, (first, last) in pds.items() if last >= first * multiple and last >= first + step)
        assert find_risen_pd(multiple=multiple, step=step) == expected
    assert find_risen_pd(as_of=frozen_day - timedelta(days=60)) is None


def test_file_of_inputs_has_a_line_for_each_loan_that_owes(loans: list[Loan], frozen_day: date, tmp_path: Path) -> None:
    score_twice(frozen_day)
    report = export_impairment_inputs(path=tmp_path / "inputs.parquet")
    frame = pd.read_parquet(tmp_path / "inputs.parquet").set_index("loan")
    assert report.n_loans == len(frame) == len(loans)
    assert "no ECL" in report.summary()
    for loan in loans:
        line, figures = frame.loc[loan.external_id], Delinquency.objects.get(loan=loan)
        assert line.days_past_due == figures.days_past_due
        assert line.outstanding_principal_amount == figures.outstanding_principal_amount
        due = figures.overdue_amount - figures.overdue_principal_amount
        assert line.exposure_amount == figures.outstanding_principal_amount + due
        first, last = Score.objects.filter(loan=loan).order_by("id").values_list("pd", flat=True)
        assert (line.first_pd, line.pd) == (first, last)
        assert bool(line.is_simulated) is loan.borrower.is_simulated
    stages = measure_stages(significant=find_risen_pd())["USD"]
    assert [int((frame.stage == line.stage).sum()) for line in stages.lines] == [line.n_loans for line in stages.lines]


def test_csv_runs_no_formula_and_a_loan_without_a_score_has_an_empty_cell(loans: list[Loan], tmp_path: Path) -> None:
    export_impairment_inputs(path=tmp_path / "inputs.csv")
    with (tmp_path / "inputs.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["loan"] for line in lines] == [f"'{loan.external_id}" for loan in loans]
    assert {line["pd"] for line in lines} == {""}


@pytest.mark.parametrize("name", ["inputs.xlsx", "inputs", "missing/inputs.csv"])
def test_file_that_cannot_be_written_is_refused_and_leaves_nothing(
    loans: list[Loan], tmp_path: Path, name: str
) -> None:
    with pytest.raises(ExportRefused):
        export_impairment_inputs(path=tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_command_prints_every_measure_for_people_and_for_scripts(loans: list[Loan]) -> None:
    words, plain = StringIO(), StringIO()
    call_command("measure_portfolio", "--segment", "branch=North", "--edges", "0,30,90", stdout=words)
    call_command("measure_portfolio", "--measure", "par", "--measure", "stages", "--json", stdout=plain)
    assert "Base: " in words.getvalue()
    figures = json.loads(plain.getvalue())["measures"]
    assert [*figures] == ["par", "stages"]
    assert figures["par"]["currencies"]["USD"]["n_written_off"] == 1
