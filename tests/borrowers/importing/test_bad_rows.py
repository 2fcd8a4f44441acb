"""Rows that cannot be imported: said with file, row, column, value and remedy, and nothing is changed; or set aside."""

import csv
import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from borrowers.importing.errors import RowsRejected, SourceUnreadable
from borrowers.models import Borrower, ImportRun, Instalment, Loan, Payment
from tests.borrowers.importing.lender import CUSTOMERS, Lender, books, counts

GOOD_PAYMENT = "P2,L2,100.50,02/03/2026"

BAD_PAYMENTS = {
    "not a number": ("P9,L2,12x,02/03/2026", "'amount': '12x'", "write it like 1234.50"),
    "not a number at all (NaN)": ("P9,L2,NaN,02/03/2026", "'amount'", "is missing"),
    "infinite": ("P9,L2,inf,02/03/2026", "'amount': 'inf'", "write it like"),
    "beyond any money": ("P9,L2,1e400,02/03/2026", "'amount': '1e400'", "write it like"),
    "a trillion": ("P9,L2,1000000000000,02/03/2026", "'amount': '1000000000000'", "below a trillion"),
    "zero": ("P9,L2,-0,02/03/2026", "'amount': '-0'", "above zero"),
    "negative": ("P9,L2,-5,02/03/2026", "'amount': '-5'", "above zero"),
    "thirds of cents": ("P9,L2,1.333,02/03/2026", "'amount': '1.333'", "at most two decimals"),
    "Arabic digits": ("P9,L2,١٢,02/03/2026", "'amount': '١٢'", "write it like"),
    "thousands that the mapping does not know": ('P9,L2,"1,000",02/03/2026', "'amount': '1,000'", "write it like"),
    "an impossible date": ("P9,L2,5,31/02/2026", "'paid': '31/02/2026'", "is not a date"),
    "a date of another form": ("P9,L2,5,03-04-2026", "'paid': '03-04-2026'", "read as %d/%m/%Y"),
    "a date in no calendar": ("P9,L2,5,01/01/0001", "'paid': '01/01/0001'", "years 1900 to 2199"),
    "an unknown loan": ("P9,L77,5,02/03/2026", "'loan': 'L77'", "neither the files nor the books know"),
    "before the loan": ("P9,L2,5,02/01/2026", "'2026-01-02'", "before the approval of loan L2 on 2026-02-01"),
    "after the business date": ("P9,L2,5,01/07/2026", "'2026-07-01'", "lies after 2026-06-30"),
    "no loan": ("P9,,5,02/03/2026", "'loan'", "is missing"),
    "a NUL": ("P\x009,L2,5,02/03/2026", "'reference': 'P␀9'", "NUL"),
    "too long": (f"{'9' * 90},L2,5,02/03/2026", "'reference'", "longer than 76"),
    "too few cells": ("P9,L2,5", "", "has 3 cells where the header has 4"),
    "too many cells": ("P9,L2,5,02/03/2026,x", "", "has 5 cells where the header has 4"),
    "the same reference, another amount": ("P1,L2,5,02/03/2026", "", "is there 2 times and the rows differ"),
}


def records(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("case", BAD_PAYMENTS)
def test_a_bad_row_stops_the_import_and_is_told_with_its_remedy(lender: Lender, case: str) -> None:
    line, cell, remedy = BAD_PAYMENTS[case]
    lender.change("payments.csv", GOOD_PAYMENT, f"{line}\n{GOOD_PAYMENT}")
    before = books()

    with pytest.raises(RowsRejected) as refusal:
        lender.load()

    assert "payments.csv row" in refusal.value.detail
    if "differ" not in remedy:
        assert "payments.csv row 3" in refusal.value.detail
    assert cell in refusal.value.detail
    assert remedy in refusal.value.detail
    assert books() == before
    assert ImportRun.objects.get().state == "failed"


@pytest.mark.parametrize("case", BAD_PAYMENTS)
def test_with_rejects_the_other_rows_are_in_and_the_bad_one_is_in_the_file(
    lender: Lender, case: str, tmp_path: Path
) -> None:
    line, _, remedy = BAD_PAYMENTS[case]
    lender.change("payments.csv", GOOD_PAYMENT, f"{line}\n{GOOD_PAYMENT}")
    rejects = tmp_path / "bad.csv"

    report = lender.load(rejects=rejects)

    assert report.read == 7
    assert report.rejected == (2 if "differ" in remedy else 1)
    assert sum(report.tables["payments"].values()) == report.read - report.rejected - 4
    rows = records(rejects)
    assert len(rows) == report.rejected
    assert rows[0]["file"] == "payments.csv"
    assert remedy in rows[0]["reason"] or remedy.replace("'", "") in rows[0]["reason"]


def test_the_rejects_file_holds_the_original_cells_and_no_live_formula(lender: Lender, tmp_path: Path) -> None:
    lender.change("payments.csv", GOOD_PAYMENT, f"=1+1,L77,-5,@x\n{GOOD_PAYMENT}")
    lender.load(rejects=tmp_path / "bad.csv")

    (row,) = records(tmp_path / "bad.csv")
    assert (row["row"], row["reference"], row["loan"], row["amount"], row["paid"]) == ("3", "'=1+1", "L77", "-5", "'@x")
    assert "amount" in row["reason"]
    assert "paid" in row["reason"]


def test_a_loan_that_falls_takes_its_payments_and_its_schedule_with_it(lender: Lender, tmp_path: Path) -> None:
    lender.change("loans.csv", "L2,C2", "L2,C99")

    report = lender.load(rejects=tmp_path / "bad.csv")

    assert report.rejected == 2
    rows = {row["file"]: row["reason"] for row in records(tmp_path / "bad.csv")}
    assert "neither the files nor the books know" in rows["loans.csv"]
    assert "neither the files nor the books know" in rows["payments.csv"]
    assert list(Loan.objects.values_list("external_id", flat=True)) == ["L1"]
    assert Instalment.objects.count() == 2
    assert Borrower.objects.count() == 2


def test_half_a_schedule_is_not_imported(lender: Lender, tmp_path: Path) -> None:
    text = lender.mapping.read_text()
    lender.mapping.write_text(
        text[: text.index("[source.schedule]")]
        + '[[source]]\nfiles = "plan.csv"\n[source.instalment]\nloan = "loan"\nnumber = "n"\ndue_on = "due"\n'
        + 'principal_amount = "p"\n'
    )
    lender.write("plan.csv", "loan,n,due,p\nL1,1,31/01/2026,400\nL1,2,31/02/2026,600\nL2,1,01/03/2026,500\n")

    report = lender.load(rejects=tmp_path / "bad.csv")

    assert report.rejected == 2
    assert report.tables["instalments"] == counts(created=1)
    rows = [(row["row"], row["reason"]) for row in records(tmp_path / "bad.csv")]
    assert rows[0][0] == "2"
    assert "half a schedule" in rows[0][1]
    assert "(row 3)" in rows[0][1]


def test_a_total_below_the_principal_is_refused(lender: Lender) -> None:
    lender.change("loans.csv", "1100.01", "900")

    with pytest.raises(RowsRejected, match=r"loans\.csv row 2, column 'total': '900' is less than the principal"):
        lender.load()


def test_a_loan_does_not_change_hands_or_currency(lender: Lender) -> None:
    lender.load()
    lender.change("loans.csv", "L1,C1", "L1,C2")
    with pytest.raises(RowsRejected, match="does not change hands"):
        lender.load()
    lender.change("loans.csv", "L1,C2", "L1,C1")
    lender.change("lender.toml", '"USD"', '"EUR"')
    with pytest.raises(RowsRejected, match="is not the currency of loan L1"):
        lender.load()


def test_rows_are_numbered_as_people_see_them(lender: Lender) -> None:
    lender.write(
        "payments.csv",
        'reference,loan,amount,paid\n"P\n1",L1,5,30/01/2026\n\n,,,\nP2,L2\nP3,L2,5,02/03/2026\nP4,L2,bad,02/03/2026\n',
    )
    with pytest.raises(RowsRejected) as refusal:
        lender.load()

    assert "payments.csv row 5: has 2 cells" in refusal.value.detail
    assert any(key.startswith("payments.csv row 7") for key in refusal.value.fields)


def test_of_many_bad_rows_the_first_is_told_and_the_others_are_counted(lender: Lender) -> None:
    lines = "".join(f"Q{n},L1,x{n},30/01/2026\n" for n in range(2500))
    lender.write("payments.csv", "reference,loan,amount,paid\n" + lines)

    with pytest.raises(RowsRejected, match=r"row 2, column 'amount': 'x0' .* And 2,499 more bad rows\."):
        lender.load()


def test_the_command_ends_with_one_clear_line_and_code_1(lender: Lender) -> None:
    lender.change("payments.csv", "550.00", "5x")

    with pytest.raises(CommandError) as error:
        call_command("import_portfolio", str(lender.folder), mapping=str(lender.mapping), stdout=io.StringIO())

    assert error.value.returncode == 1
    assert "\n" not in str(error.value)
    assert "payments.csv row 2, column 'amount': '5x'" in str(error.value)


def test_a_dry_run_over_bad_rows_counts_them_and_fails(lender: Lender) -> None:
    lender.change("payments.csv", "550.00", "5x")

    report = lender.load(dry_run=True)

    assert (report.rejected, report.failed) == (1, True)
    assert "'5x'" in report.summary()
    assert not Payment.objects.exists()


def test_rejects_never_overwrite_the_source(lender: Lender) -> None:
    before = (lender.folder / "payments.csv").read_bytes()

    with pytest.raises(SourceUnreadable, match="is a file of the source"):
        lender.load(rejects=lender.folder / "payments.csv")
    assert (lender.folder / "payments.csv").read_bytes() == before


def test_values_that_the_value_map_does_not_know_are_told(lender: Lender) -> None:
    lender.change(
        "lender.toml",
        'attributes.segment = "segment"',
        'attributes.segment = { column = "segment", values = { retail = "R" } }',
    )

    with pytest.raises(RowsRejected, match=r"customers\.csv row 3, column 'segment': 'farm' is not in the value map"):
        lender.load()


def test_the_rejects_file_is_safe_to_open_and_imports_what_the_lender_wrote(lender: Lender, tmp_path: Path) -> None:
    names = ["=1+1", "-x", "@home", "'=quoted", "''-twice", "+44 20"]
    lines = [f"X{n},{name},{n},{'long ' * 20}" for n, name in enumerate(names)]
    lender.write("customers.csv", CUSTOMERS + "\n".join(lines) + "\n")
    lender.change("lender.toml", 'phone = "phone"', 'phone = "phone"\nhousehold = "segment"')
    lender.load(rejects=tmp_path / "bad.csv")
    assert [row["name"] for row in records(tmp_path / "bad.csv")] == [f"'{name}" for name in names]

    lender.change("lender.toml", '\nhousehold = "segment"', "")
    (tmp_path / "bad.csv").replace(lender.folder / "customers.csv")
    lender.load()

    found = Borrower.objects.filter(external_id__startswith="X").order_by("external_id")
    assert list(found.values_list("full_name", flat=True)) == names
