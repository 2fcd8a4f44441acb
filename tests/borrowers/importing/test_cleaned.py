"""The cleaned set: what was typed and accepted, as Parquet."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from borrowers.importing.errors import RowsRejected
from borrowers.models import Loan
from tests.borrowers.importing.lender import Lender


def test_the_accepted_rows_are_written_typed_one_file_per_table(lender: Lender, tmp_path: Path) -> None:
    lender.change("payments.csv", "P2,L2,100.50", "P2,L2,much")
    lender.change(
        "lender.toml",
        'attributes.segment = "segment"',
        'attributes.segment = "segment"\nattributes.line = { column = "phone", type = "integer" }',
    )
    folder = tmp_path / "clean" / "june"

    lender.load(cleaned=folder, rejects=tmp_path / "bad.csv")

    assert sorted(path.name for path in folder.iterdir()) == [
        "borrowers.parquet", "instalments.parquet", "loans.parquet", "payments.parquet",
    ]  # fmt: skip
    borrowers = pq.read_table(folder / "borrowers.parquet").to_pylist()
    ada = next(row for row in borrowers if row["external_id"] == "C1")
    assert (ada["full_name"], ada["attributes.segment"], ada["attributes.line"]) == ("Ada Obi", "retail", 803)
    loan = pq.read_table(folder / "loans.parquet").to_pylist()[0]
    assert (loan["principal_amount"], loan["approved_on"]) == (Decimal("1000.00"), date(2026, 1, 5))
    assert [row["external_id"] for row in pq.read_table(folder / "payments.parquet").to_pylist()] == ["P1"]
    assert pq.read_metadata(folder / "instalments.parquet").num_rows == 4


def test_instants_and_texts_with_line_ends_come_through(lender: Lender, tmp_path: Path) -> None:
    lender.change("lender.toml", 'effective_on = "paid"', 'booked_at = "paid"\nreference = "note"')
    lender.write(
        "payments.csv",
        'reference,loan,amount,paid,note\nP1,L1,1,2026-03-01 10:30:00,"two\nlines"\nP2,L1,2,2026-03-02,\n',
    )

    lender.load(cleaned=tmp_path / "clean")

    rows = pq.read_table(tmp_path / "clean" / "payments.parquet").to_pylist()
    assert [row["booked_at"] for row in rows] == [
        datetime(2026, 3, 1, 15, 30, tzinfo=UTC), datetime(2026, 3, 2, 5, tzinfo=UTC),
    ]  # fmt: skip
    assert [row["reference"] for row in rows] == ["two\nlines", None]


def test_a_dry_run_writes_the_cleaned_set_too_and_a_refused_import_none(lender: Lender, tmp_path: Path) -> None:
    lender.load(cleaned=tmp_path / "clean", dry_run=True)
    assert Loan.objects.count() == 0
    assert pq.read_metadata(tmp_path / "clean" / "loans.parquet").num_rows == 2

    lender.change("payments.csv", "P2,L2,100.50", "P2,L2,much")
    with pytest.raises(RowsRejected):
        lender.load(cleaned=tmp_path / "other")
    assert list((tmp_path / "other").iterdir()) == []
