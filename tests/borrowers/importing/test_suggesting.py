"""Drafted mappings: what headers and values are taken for, and that a draft can be imported or says what it lacks."""

import gzip
import sqlite3
import tomllib
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from django.conf import settings
from django.core.management import call_command

from borrowers.importing.errors import MappingInvalid, SourceUnreadable
from borrowers.importing.mapping_file import load_mapping
from borrowers.importing.services import import_portfolio
from borrowers.importing.suggesting.draft import draft_from_json
from borrowers.importing.suggesting.filenames import day_of_name, pattern_of
from borrowers.importing.suggesting.looking import look_at
from borrowers.importing.suggesting.naming import match_names
from borrowers.importing.suggesting.services import Suggestion, suggest_mapping
from borrowers.importing.suggesting.telling import tell
from borrowers.models import Charge, ContactEvent
from tests.borrowers.importing.lender import CUSTOMERS, LOANS, PAYMENTS, xlsx

DATA = settings.BASE_DIR.parent / "shared" / "data"


@pytest.mark.parametrize(
    ("header", "concept"),
    [
        ("cust_id", "customer_id"), ("CIF", "customer_id"), ("Client No.", "customer_id"), ("customerid", "customer_id"),
        ("BorrowerID", "customer_id"), ("Kundennummer", "customer_id"), ("acct_no", "loan_id"), ("LoanAcctNo", "loan_id"),
        ("Loan A/C No.", "loan_id"), ("systemloanid", "loan_id"), ("os_bal", "balance"), ("O/S_Balance", "balance"),
        ("Saldo", "balance"), ("POS", "balance"), ("closing_balance", "balance"), ("dpd", "dpd"), ("DaysPastDue", "dpd"),
        ("No. of days in arrears", "dpd"), ("overdue_days", "dpd"), ("emi", "instalment_amount"), ("disb_dt", "approved_on"),
        ("loan_approval_date", "approved_on"), ("loanamount", "principal"), ("orig_bal", "principal"),
        ("Amount Overdue (NGN)", "amount_due"), ("od_amt", "amount_due"), ("arrears", "amount_due"), ("asof_dt", "as_of"),
        ("Rpt_Date", "as_of"), ("cob_date", "as_of"), ("fecha_vencimiento", "due_on"), ("firstduedate", "first_due_on"),
        ("MobileNo", "phone"), ("msisdn", "phone"), ("dob", "birth_date"), ("int_rate", "rate"), ("APR", "rate"),
        ("amt_paid", "payment_amount"), ("txn_dt", "payment_date"), ("pmt_ref", "payment_id"), ("Betrag", "payment_amount"),
        ("mob", "month_on_book"), ("MONTHS_BALANCE", "month_index"), ("ccy", "currency"), ("prod_cd", "product"),
        ("Full Name", "customer_name"), ("tenor", "term_months"), ("termdays", "term_days"),
        ("KtoNr.", "loan_id"), ("Tage überf.", "dpd"), ("Rückstd. Betrag", "amount_due"), ("Stichtag", "as_of"),
    ],
)  # fmt: skip
def test_header_is_read_as(header: str, concept: str) -> None:
    scores = match_names(header)
    assert scores, header
    assert max(scores, key=lambda name: scores[name]) == concept


@pytest.mark.parametrize(
    ("cells", "kind", "facts"),
    [
        (["31/01/2026", "05/02/2026"], "date", {"formats": ("%d/%m/%Y",), "order_is_known": True}),
        (["01/31/2026", "02/05/2026"], "date", {"formats": ("%m/%d/%Y",), "order_is_known": True}),
        (["01/02/2026", "03/04/2026"], "date", {"formats": ("%d/%m/%Y",), "order_is_known": False}),
        (["31.01.26", "05.02.26"], "date", {"formats": ("%d.%m.%y",)}),
        (["2026-01-31", "2026-02-05"], "date", {"formats": ()}),
        (["2026-01-31 10:20:00.000000", "2026-02-05 00:00:00.000000"], "date", {"formats": (), "has_clock": True}),
        (["31-Jan-2026", "05-Feb-2026"], "date", {"formats": ("%d-%b-%Y",)}),
        (["20260131", "20260205"], "date", {"formats": ("%Y%m%d",)}),
        (["31/01/2026 23:59", "05/02/2026 10:00"], "date", {"formats": ("%d/%m/%Y %H:%M",), "has_clock": True}),
        (["1.234,56", "99,10"], "number", {"decimal": ",", "thousands": "."}),
        (["1,234.56", "99.10"], "number", {"decimal": ".", "thousands": ","}),
        (["1 234,56", "99,10"], "number", {"decimal": ",", "thousands": " "}),
        (["12,5", "99,25"], "number", {"decimal": ",", "thousands": ""}),
        (["1,50,000.00", "99.10"], "number", {"decimal": ".", "thousands": ","}),
        (["₦1,200.00", "₦99.10"], "number", {"sign": "NGN", "thousands": ","}),
        (["USD 1200.00", "USD 99.10"], "number", {"sign": "USD"}),
        (["12.5%", "9%"], "percent", {}),
        (["10", "20", "-1", "30", "-1"], "number", {"sentinels": ("-1",)}),
        (["10", "20", "15", "999999", "30", "999999"], "number", {"sentinels": ("999999",)}),
        (["10", "-20", "-1", "30"], "number", {"sentinels": ()}),
        (["2026-01-31", "1900-01-01", "2026-02-05"], "date", {"sentinels": ("1900-01-01",)}),
        (["0012345", "0012346"], "code", {}),
        (["+254 712 345 678", "+254 700 111 222"], "phone", {}),
        (["0803-555-0101", "0803-555-0102"], "phone", {}),
        (["a@b.example", "c@d.example"], "email", {}),
        (["NGN", "USD", "NGN"], "currency", {}),
        (["Y", "N", "N"], "flag", {}),
        (["-", "n/a", ""], "empty", {"nothings": ("-",)}),
    ],
)  # fmt: skip
def test_values_are_taken_for(cells: list[str], kind: str, facts: dict[str, object]) -> None:
    look = look_at(pd.Series(cells, dtype="str"))
    assert look.kind == kind
    assert {name: getattr(look, name) for name in facts} == facts


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("balances_2026-06-30.csv", "2026-06-30"), ("dpd20260630.xlsx", "2026-06-30"), ("30.06.2026 arrears.csv", "2026-06-30"),
        ("book_2026-02.csv", "2026-02-28"), ("Jun2026.csv", "2026-06-30"), ("report_1234567.csv", "None"), ("a.csv", "None"),
    ],
)  # fmt: skip
def test_day_is_read_from_the_name_of_a_file(name: str, day: str) -> None:
    assert str(day_of_name(name)) == day


def test_files_of_several_days_are_one_source() -> None:
    assert pattern_of("loans_2026-06-30.csv") == pattern_of("loans_2026-07-31.csv") == "loans_*.csv"


def write(folder: Path, **files: str) -> Path:
    for name, content in files.items():
        (folder / f"{name}.csv").write_text(content)
    return folder


def fields(suggestion: Suggestion) -> dict[str, dict[str, str]]:
    return {
        table.files: {column.name: column.choice.target for column in table.columns}
        for table in suggestion.draft.tables
    }


@pytest.mark.django_db
def test_draft_of_a_folder_of_linked_files_can_be_imported(tmp_path: Path) -> None:
    source = write(tmp_path, customers=CUSTOMERS, loans=LOANS, payments=PAYMENTS)
    output = tmp_path / "draft.toml"
    suggestion = suggest_mapping(source=source, output=output, currency="USD")
    assert suggestion.missing == ()
    report = import_portfolio(source=source, mapping=output, dry_run=True)
    assert report.rejected == 0
    assert report.tables["borrowers"]["created"] == 2
    assert report.tables["loans"]["created"] == 2
    assert report.tables["payments"]["created"] == 2
    assert report.tables["instalments"]["created"] == 2


@pytest.mark.django_db
def test_calls_and_charges_are_recognised_and_their_words_translated(tmp_path: Path) -> None:
    calls = (
        "LoanNo,CallDate,Disposition,Remarks,MobileNo\nL1,2026-03-02 10:15:00,PTP,will pay,0803\n"
        "L2,2026-03-02 10:40:00,No Answer,,0804\nL1,2026-03-09 09:05:00,Wrong Number,,0803\n"
        "L2,2026-03-10 09:05:00,Left message,,0804\nL2,2026-03-12 11:05:00,Refused to pay,,0804\n"
        "L1,2026-03-12 12:00:00,RNR,,0803\n"
    )
    fees = (
        "loan,fee type,fee amount,fee date\n"
        "L1,Late penalty,15.00,2026-02-10\nL2,Court,40.00,2026-04-01\nL2,Cheque bounce,9,2026-04-02\n"
    )
    source = write(tmp_path, customers=CUSTOMERS, loans=LOANS, call_log=calls, fees=fees)
    output = tmp_path / "draft.toml"
    assert suggest_mapping(source=source, output=output, currency="USD").missing == ()
    report = import_portfolio(source=source, mapping=output)
    assert (report.rejected, report.tables["actions"]["created"], report.tables["charges"]["created"]) == (0, 6, 3)
    found = ContactEvent.objects.order_by("happened_at").values_list("channel", "outcome", "contact_point__value")
    assert list(found[:4]) == [
        ("call", "promise", "0803"), ("call", "no_answer", "0804"), ("call", "wrong_number", "0803"),
        ("call", "left_message", "0804"),
    ]  # fmt: skip
    assert sorted(Charge.objects.values_list("kind", flat=True)) == ["late_fee", "legal_cost", "return_fee"]


def test_table_of_people_is_known_by_who_refers_to_it(tmp_path: Path) -> None:
    people = "".join(f"K{n:03},segment {n % 3}\n" for n in range(30))
    loans = "".join(f"L{n:03},K{n:03},{n + 1}00,2026-01-{n % 28 + 1:02}\n" for n in range(30))
    write(tmp_path, people=f"key,seg\n{people}", loans=f"loan no,customer no,loan amount,approved\n{loans}")
    found = fields(suggest_mapping(source=tmp_path, currency="USD"))
    assert found["people.csv"] == {"key": "borrower.external_id", "seg": "attribute"}
    assert found["loans.csv"]["customer no"] == "borrower.external_id"


def test_missing_currency_is_said_once_and_asked_of_a_person(tmp_path: Path) -> None:
    output = tmp_path / "draft.toml"
    suggestion = suggest_mapping(source=write(tmp_path, loans=LOANS), output=output)
    assert suggestion.missing == (("", "loan.currency"),)
    assert "Missing: the loan's currency" in suggestion.summary()
    with pytest.raises(MappingInvalid, match="currency"):
        load_mapping(output)


def test_currency_is_found_in_a_header(tmp_path: Path) -> None:
    source = write(
        tmp_path, loans="loan no,customer,principal (KES),approved\nL1,C1,100,2026-01-01\nL2,C2,100,2026-01-02\n"
    )
    suggestion = suggest_mapping(source=source)
    assert suggestion.draft.currency == "KES"
    assert suggestion.missing == ()


def test_table_that_lacks_a_field_is_commented_out_beside_complete_ones(tmp_path: Path) -> None:
    source = write(tmp_path, loans=LOANS, old_loans="loan,customer,principal\nM1,C1,5\nM2,C2,6\n")
    output = tmp_path / "draft.toml"
    suggestion = suggest_mapping(source=source, output=output, currency="USD")
    assert suggestion.missing == (("old_loans.csv", "loan.approved_on"),)
    assert [item.files for item in load_mapping(output).sources] == ["loans.csv"]
    assert '# files = "old_loans.csv"' in suggestion.toml


BALANCES = "Loan A/C No.,CIF,O/S_Bal,DPD,OD_Amt,Rpt_Dt\n" + "".join(
    f"L{n:03},C{n:03},{n + 1}00.50,{n % 50},{n % 50}.00,30/06/2026\n" for n in range(60)
)


@pytest.mark.django_db
def test_balances_only_become_snapshots_that_can_be_imported(tmp_path: Path) -> None:
    source = write(tmp_path, export=BALANCES)
    output = tmp_path / "draft.toml"
    assert suggest_mapping(source=source, output=output, currency="KES").missing == ()
    report = import_portfolio(source=source, mapping=output, dry_run=True)
    assert (report.rejected, report.tables["snapshots"]["created"], report.tables["loans"]["created"]) == (0, 60, 60)


def test_day_of_balances_without_dates_is_taken_from_the_name_or_asked_for(tmp_path: Path) -> None:
    rows = "\n".join(line.rpartition(",")[0] for line in BALANCES.splitlines())
    named, bare = tmp_path / "balances_2026-06-30.csv", tmp_path / "balances.csv"
    for path in (named, bare):
        path.write_text(rows)
    as_of = tomllib.loads(suggest_mapping(source=named, currency="KES").toml)["source"][0]["snapshot"]["as_of"]
    assert as_of == {"constant": "2026-06-30"}
    assert suggest_mapping(source=bare, currency="KES").missing == (("balances.csv", "snapshot.as_of"),)
    assert suggest_mapping(source=bare, currency="KES", as_of=date(2026, 6, 30)).missing == ()


@pytest.mark.django_db
@pytest.mark.skipif(not (DATA / "cc_monthly_status").is_dir(), reason="../shared/data/cc_monthly_status is not here")
def test_statuses_of_counted_months_become_days_past_due_of_month_ends(tmp_path: Path) -> None:
    with gzip.open(DATA / "cc_monthly_status" / "credit_record.csv.gz", "rt") as stream:
        (tmp_path / "status.csv").write_text("".join(line for line, _ in zip(stream, range(5000), strict=False)))
    output = tmp_path / "draft.toml"
    suggest_mapping(source=tmp_path / "status.csv", output=output, currency="USD", as_of=date(2020, 1, 31))
    snapshot = tomllib.loads(output.read_text())["source"][0]["snapshot"]
    assert snapshot["as_of"]["values"]["0"] == "2020-01-31"
    assert snapshot["as_of"]["values"]["-2"] == "2019-11-30"
    report = import_portfolio(source=tmp_path / "status.csv", mapping=output, dry_run=True)
    assert (report.rejected, report.tables["snapshots"]["created"]) == (0, 4999)


HOSTILE = [
    'na"me', "back\\slash", "new\nline", "\u202egnp.exe", "=cmd|' /C calc'!A0", "]]] [[source]]", "# comment", "{brace}",
    "ключ", "",
    "amount", "amount", "\x00nul", "x" * 300, "tab\there", "'; DROP TABLE loans; --", "<script>alert(1)</script>", "\x7f\x1b[31m",
]  # fmt: skip


def test_hostile_headers_and_cells_are_quoted_and_never_lines_of_their_own(tmp_path: Path) -> None:
    header = ",".join('"' + name.replace('"', '""') + '"' for name in ["loan no", "balance", "dpd", *HOSTILE])
    rows = [
        ",".join([f"L{n}", "10.00", "0", *['"]]\n[defaults]\ncurrency = ""XXX"" # \u2028"'] * len(HOSTILE)])
        for n in range(5)
    ]
    (tmp_path / "hostile.csv").write_text("\n".join([header, *rows]))
    suggestion = suggest_mapping(source=tmp_path / "hostile.csv", currency="USD")
    parsed = tomllib.loads(suggestion.toml)
    assert set(parsed) == {"defaults", "source"}
    assert parsed["defaults"]["currency"] == "USD"
    assert len(parsed["source"]) == 1
    assert all(line.isprintable() for line in suggestion.toml.split("\n"))
    assert draft_from_json(suggestion.draft.as_json()) == suggestion.draft


@pytest.mark.parametrize("kind", ["csv", "tsv", "csv.gz", "xlsx", "parquet", "sqlite"])
def test_every_kind_of_file_is_looked_at(tmp_path: Path, kind: str) -> None:
    frame = pd.DataFrame(
        {
            "loan_no": [f"L{n}" for n in range(5)],
            "cust_no": ["C1"] * 5,
            "loan_amt": ["100.00"] * 5,
            "disb_dt": ["2026-01-05"] * 5,
        }
    )
    path = tmp_path / f"loans.{kind}"
    match kind:
        case "csv":
            frame.to_csv(path, index=False)
        case "tsv":
            frame.to_csv(path, index=False, sep="\t")
        case "csv.gz":
            with gzip.open(path, "wt") as stream:
                frame.to_csv(stream, index=False)
        case "parquet":
            frame.to_parquet(path)
        case "sqlite":
            with sqlite3.connect(path) as connection:
                frame.to_sql("loans", connection, index=False)
                frame.head(2).rename(columns={"disb_dt": "note"})[["note"]].to_sql("notes", connection, index=False)
        case "xlsx":
            path.write_bytes(xlsx([list(frame.columns), *frame.values.tolist()]))
    suggestion = suggest_mapping(source=path, currency="USD")
    loans = next(table for table in suggestion.draft.tables if table.is_used)
    assert loans.targets == {"loan.external_id", "borrower.external_id", "loan.principal_amount", "loan.approved_on"}
    assert loans.table == ("loans" if kind == "sqlite" else None)


def test_computed_columns_of_sqlite_files_are_said_to_be_left_out(tmp_path: Path) -> None:
    path = tmp_path / "core.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE loans (loan_no TEXT, balance REAL, dpd INTEGER, twice REAL AS (2 * balance))")
        connection.execute("INSERT INTO loans VALUES ('L1', 100, 4)")
    connection.close()
    (loans,) = suggest_mapping(source=path, currency="USD").draft.tables
    assert any("The column twice is computed by the file" in note for note in loans.notes)


def test_attributes_are_named_in_plain_letters(tmp_path: Path) -> None:
    (tmp_path / "kredite.csv").write_text(
        "Kreditnr,Kundennr,Restschuld,Tage überfällig,Straßenzug\nL1,K1,10.5,3,Ost\nL2,K2,7.5,0,West\n",
        encoding="utf-8",
    )
    toml = suggest_mapping(source=tmp_path / "kredite.csv", currency="EUR").toml
    assert 'strassenzug = "Straßenzug"' in toml


def test_one_empty_cell_of_many_is_not_called_none() -> None:
    look = look_at(pd.Series(["5.25"] * 499 + [None], dtype="str"))
    assert "under 1 % empty" in tell(look)


def test_other_encodings_are_tried_and_said(tmp_path: Path) -> None:
    (tmp_path / "loans.csv").write_bytes(
        "loan no;customer name;loan amount;approved\nL1;José;1.000,00;31.01.2026\nL2;Ana;2,50;1.2.2026\n".encode(
            "cp1252"
        )
    )
    suggestion = suggest_mapping(source=tmp_path / "loans.csv", currency="EUR")
    parsed = tomllib.loads(suggestion.toml)["source"][0]
    assert (parsed["encoding"], parsed["decimal"], parsed["thousands"]) == ("cp1252", ",", ".")
    assert parsed["loan"]["approved_on"] == {"column": "approved", "formats": ["%d.%m.%Y"]}


def test_file_that_cannot_be_read_is_told_beside_those_that_can(tmp_path: Path) -> None:
    write(tmp_path, loans=LOANS, empty="")
    suggestion = suggest_mapping(source=tmp_path, currency="USD")
    assert any(note.startswith("empty.csv was left out: is empty") for note in suggestion.draft.notes)


@pytest.mark.parametrize("name", ["missing.csv", "page.html"])
def test_what_is_no_table_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "page.html").write_text("<html>")
    with pytest.raises(SourceUnreadable):
        suggest_mapping(source=tmp_path / name)


def test_sentinel_is_taken_for_missing_only_where_no_other_column_has_it(tmp_path: Path) -> None:
    rows = "".join(f"L{n},C{n},{n + 1}00,2026-01-05,{-1 if n % 3 else n},{-1 if n % 2 else 1}\n" for n in range(12))
    source = write(tmp_path, loans=f"loan,customer,loan amount,approved,score,trend\n{rows}")
    draft = suggest_mapping(source=source, currency="USD").draft.tables[0]
    assert "-1" not in draft.missing
    assert any("'-1' in score" in note for note in draft.notes)


def test_command_writes_a_draft_that_it_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("suggest_mapping", str(write(tmp_path, loans=LOANS)), output=tmp_path / "m.toml", currency="USD")
    assert "1 can be imported" in capsys.readouterr().out
    assert load_mapping(tmp_path / "m.toml").currency == "USD"


@pytest.mark.django_db
@pytest.mark.skipif(not (DATA / "superlender_ng").is_dir(), reason="../shared/data/superlender_ng is not here")
def test_draft_of_the_nigerian_lender_imports_all_but_the_file_whose_dates_are_cut(tmp_path: Path) -> None:
    output = tmp_path / "draft.toml"
    suggestion = suggest_mapping(source=DATA / "superlender_ng", output=output, currency="NGN")
    assert suggestion.missing == (("testperf.csv", "loan.approved_on"),)
    report = import_portfolio(source=DATA / "superlender_ng", mapping=output, dry_run=True)
    assert (report.rejected, report.tables["loans"]["created"]) == (0, 28_458)


@pytest.mark.parametrize(
    ("header", "cells", "zone"),
    [
        ("time_zone", ["Africa/Nairobi", "Africa/Nairobi"], "Africa/Nairobi"),
        ("country", ["NG", "NG"], "Africa/Lagos"),
        ("country", ["NG", "KE"], None),  # of two zones
        ("country", ["US", "US"], None),  # has many
        ("region", ["North", "South"], None),
    ],
)
def test_zone_is_drafted_from_the_rows_where_they_tell_it(
    tmp_path: Path, header: str, cells: list[str], zone: str | None
) -> None:
    rows = [f"L-{n},C-{n},2026-01-0{n + 1},500,{cell}" for n, cell in enumerate(cells)]
    path = tmp_path / "loans.csv"
    path.write_text("\n".join([f"loan_id,customer_id,approved_date,loan_amount,{header}", *rows]) + "\n")
    toml = suggest_mapping(source=path, currency="USD").toml
    assert tomllib.loads(toml)["defaults"]["time_zone"] == (zone or settings.TIME_ZONE)
    assert ("no column tells it" in toml) is (zone is None)
