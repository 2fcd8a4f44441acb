"""The same rows in every form that lenders send them."""

import gzip
import sqlite3
from datetime import UTC, date, datetime
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from borrowers.importing import tables, text
from borrowers.importing.errors import RowsRejected
from borrowers.models import Borrower, Instalment, Loan, Payment
from tests.borrowers.importing.lender import CUSTOMERS, LOANS, PAYMENTS, Lender, counts, xlsx

ROWS = [["P1", "L1", 550.0, "30/01/2026"], ["P2", "L2", 100.5, "02/03/2026"]]
HEADER = ["reference", "loan", "amount", "paid"]


def read_payments_from(lender: Lender, name: str, content: bytes | None, extra: str = "") -> None:
    lender.change("lender.toml", 'files = "payments.csv"', f'files = "{name}"\n{extra}')
    if content is not None:
        lender.write(name, content)

    report = lender.load()

    assert report.tables["payments"] == counts(created=2)
    found = Payment.objects.order_by("external_id").values_list("external_id", "amount", "effective_on")
    assert list(found) == [("P1", Decimal("550.00"), date(2026, 1, 30)), ("P2", Decimal("100.50"), date(2026, 3, 2))]


TEXTS = {
    "packed": ("payments.csv.gz", gzip.compress(PAYMENTS.encode())),
    "packed in two members": (
        "payments.csv.gz",
        gzip.compress(PAYMENTS[:40].encode()) + gzip.compress(PAYMENTS[40:].encode()),
    ),
    "with tabs": ("payments.tsv", PAYMENTS.replace(",", "\t").encode()),
    "with semicolons": ("payments.txt", PAYMENTS.replace(",", ";").encode()),
    "with a byte-order mark": ("p.csv", b"\xef\xbb\xbf" + PAYMENTS.encode()),
    "UTF-16 with a mark": ("p.csv", PAYMENTS.encode("utf-16")),
    "UTF-16 without one": ("p.csv", PAYMENTS.encode("utf-16-le")),
    "line ends of Windows": ("p.csv", PAYMENTS.replace("\n", "\r\n").encode()),
    "no last line end": ("p.csv", PAYMENTS.strip().encode()),
    "blank lines before the header": ("p.csv", b"\n\n" + PAYMENTS.encode()),
    "spaces around": ("p.csv", PAYMENTS.replace(",", " , ").encode()),
    "everything quoted": (
        "p.csv",
        "\n".join(",".join(f'"{c}"' for c in line.split(",")) for line in PAYMENTS.split()).encode(),
    ),
}


@pytest.mark.parametrize("form", TEXTS)
def test_text_is_read_in_every_form(lender: Lender, form: str) -> None:
    read_payments_from(lender, *TEXTS[form])


def test_a_workbook_is_read(lender: Lender) -> None:
    read_payments_from(lender, "payments.xlsx", xlsx([HEADER, *ROWS]), 'sheet = "Loans"')


def test_a_parquet_file_with_its_own_types_is_read(lender: Lender) -> None:
    table = pa.table(
        {
            "reference": pa.array(["P1", "P2"]).dictionary_encode(),
            "loan": ["L1", "L2"],
            "amount": pa.array([Decimal("550.0000"), Decimal("100.5000")], pa.decimal128(18, 4)),
            "paid": pa.array([date(2026, 1, 30), date(2026, 3, 2)]),
        }
    )
    pq.write_table(table, lender.folder / "payments.parquet")
    read_payments_from(lender, "payments.parquet", None)


def test_a_parquet_file_of_doubles_is_read_with_its_fifteen_digits(lender: Lender) -> None:
    frame = pd.DataFrame({"reference": ["P1", "P2"], "loan": ["L1", "L2"], "amount": [550.0, 100.1 + 0.4]})
    frame["paid"] = pd.to_datetime(["2026-01-30", "2026-03-02"])
    frame.to_parquet(lender.folder / "payments.parquet")
    read_payments_from(lender, "payments.parquet", None)


def test_an_sqlite_file_is_read(lender: Lender) -> None:
    with sqlite3.connect(lender.folder / "core.db") as connection:
        connection.execute('CREATE TABLE "pay ments" (reference TEXT, loan TEXT, amount REAL, paid TEXT)')
        connection.executemany('INSERT INTO "pay ments" VALUES (?, ?, ?, ?)', ROWS)
        connection.execute("CREATE TABLE other (x)")
    connection.close()
    read_payments_from(lender, "core.db", None, 'table = "pay ments"')


def test_rows_beyond_one_block_are_all_read(lender: Lender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "BLOCK_BYTES", 1 << 12)
    lines = "".join(f"Q{n},L1,{n}.5,30/01/2026\n" for n in range(1, 5001))
    lender.write("payments.csv", "reference,loan,amount,paid\n" + lines)

    report = lender.load()

    assert report.tables["payments"] == counts(created=5000)
    assert Payment.objects.get(external_id="Q4321").amount == Decimal("4321.50")


def test_a_workbook_of_many_chunks_keeps_its_rows(lender: Lender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "CHUNK_ROWS", 7)
    lender.change("lender.toml", '"payments.csv"', '"p.xlsx"')
    lender.write("p.xlsx", xlsx([HEADER, *(["Q" + str(n), "L1", n, "30/01/2026"] for n in range(1, 51))]))
    assert lender.load().tables["payments"] == counts(created=50)


def test_cp1252_is_read_where_the_mapping_says_so(lender: Lender) -> None:
    lender.change("lender.toml", 'files = "customers.csv"', 'files = "customers.csv"\nencoding = "cp1252"')
    lender.write("customers.csv", CUSTOMERS.replace("Ben Cole", "Zoë Müller").encode("cp1252"))
    lender.load()
    assert Borrower.objects.get(external_id="C2").full_name == "Zoë Müller"


def test_names_are_kept_composed_whatever_letters_they_have(lender: Lender) -> None:
    lender.change("customers.csv", "Ben Cole", '"O\'Brien-Zoe\u0308 🙂\nJr."')
    lender.load()
    assert Borrower.objects.get(external_id="C2").full_name == "O'Brien-Zo\u00eb 🙂\nJr."


@pytest.mark.parametrize(
    ("settings", "amount"),
    [
        ('decimal = ","\nthousands = "."', "1.550,25"),
        ('decimal = ","\nthousands = " "', "1\u00a0550,25"),
        ('thousands = ","', '"1,550.25"'),
        ('thousands = ","', "1550.25000"),
        ('thousands = "\'"', "1'550.25"),
    ],
)
def test_amounts_are_read_as_they_are_written_in_many_lands(lender: Lender, settings: str, amount: str) -> None:
    lender.change("lender.toml", 'files = "payments.csv"', f'files = "payments.csv"\ndelimiter = ";"\n{settings}')
    lender.write("payments.csv", f"reference;loan;amount;paid\nP1;L1;{amount};30/01/2026\n")
    lender.load()
    assert Payment.objects.get().amount == Decimal("1550.25")


@pytest.mark.parametrize("amount", ["1.5", "12.34", "1.5500"])
def test_a_point_that_may_mean_thousands_is_not_guessed(lender: Lender, amount: str) -> None:
    lender.change("lender.toml", 'files = "payments.csv"', 'files = "payments.csv"\ndecimal = ","\nthousands = "."')
    lender.write("payments.csv", f"reference;loan;amount;paid\nP1;L1;{amount};30/01/2026\n")
    assert lender.load(dry_run=True).rejected == 1


def test_money_is_exact_where_binary_numbers_are_not(lender: Lender) -> None:
    lender.change("payments.csv", "550.00", "900719925474.93")
    lender.load()
    assert Payment.objects.get(external_id="P1").amount == Decimal("900719925474.93")


def test_local_times_are_of_the_lenders_zone_and_offsets_are_respected(lender: Lender) -> None:
    lender.change("lender.toml", 'effective_on = "paid"', 'booked_at = "paid"')
    lender.write(
        "payments.csv",
        "reference,loan,amount,paid\nP1,L1,5,2026-01-30 23:30:00\n"
        "P2,L1,5,2026-01-31T04:30:00Z\nP3,L1,5,2026-01-30T23:30:00-05:00\n",
    )
    lender.load()
    assert set(Payment.objects.values_list("booked_at", "effective_on")) == {
        (datetime(2026, 1, 31, 4, 30, tzinfo=UTC), date(2026, 1, 30))
    }


def test_sentinels_are_missing_and_defaults_fill_them(lender: Lender) -> None:
    lender.change(
        "lender.toml", 'attributes.segment = "segment"', 'attributes.segment = { column = "segment", default = "none" }'
    )
    lender.change("lender.toml", 'files = "customers.csv"', 'files = "customers.csv"\nmissing = ["-", "9999"]')
    lender.write("customers.csv", "id,name,phone,segment\nC1,Ada,9999,-\nC2,-,1,x\n")
    lender.load()
    ada, ben = Borrower.objects.order_by("external_id")
    assert (ada.attributes, ben.full_name) == ({"segment": "none"}, "")
    assert not ada.contact_points.exists()


def test_typed_attributes_are_json_of_their_type(lender: Lender) -> None:
    lender.change(
        "lender.toml",
        'attributes.segment = "segment"',
        'attributes."the \\"q\\"" = "t"\nattributes.n = { column = "n", type = "number", divide_by = 100 }\n'
        'attributes.i = { column = "i", type = "integer" }\nattributes.b = { column = "b", type = "boolean" }\n'
        'attributes.d = { column = "d", type = "date" }\n'
        'attributes.late = { column = "d", type = "integer", days_after = "e" }',
    )
    lender.write(
        "customers.csv",
        'id,name,phone,t,n,i,b,d,e\nC1,A,1,"a ""x"" \\ z",012.50,7.0,yes,03/01/2026,01/01/2026\nC2,B,2,,,,no,,01/01/2026\n',
    )
    lender.load()
    ada, ben = Borrower.objects.order_by("external_id")
    assert ada.attributes == {'the "q"': 'a "x" \\ z', "n": 0.125, "i": 7, "b": True, "d": "2026-01-03", "late": 2}
    assert ben.attributes == {"b": False}


def test_columns_are_joined_from_another_file_and_rows_are_filtered(lender: Lender) -> None:
    lender.change(
        "lender.toml",
        'files = "loans.csv"\n',
        'files = "loans.csv"\nwhere = { status = ["open"] }\n[[source.join]]\n'
        'files = "branches.csv"\non = { branch = "code" }\nprefix = "branch "\n',
    )
    lender.change(
        "lender.toml", 'approved_on = "approved"', 'approved_on = "approved"\nattributes.city = "branch city"'
    )
    lender.write("branches.csv", "code,city\nB1,Lagos\nB2,Kano\n")
    lender.write(
        "loans.csv",
        "loan,customer,principal,approved,first due,total,status,branch\n"
        "L1,C1,1000,05/01/2026,31/01/2026,1100,open,B2\nL2,C2,500,01/02/2026,01/03/2026,500,open,B9\n"
        "L3,C2,500,01/02/2026,01/03/2026,500,draft,B1\n",
    )
    report = lender.load()
    assert (report.read, report.tables["loans"]) == (6, counts(created=2))
    assert Loan.objects.get(external_id="L1").attributes == {"city": "Kano"}
    assert Loan.objects.get(external_id="L2").attributes == {}


def test_a_pattern_takes_all_its_files_and_a_single_file_can_be_the_source(lender: Lender) -> None:
    lender.change("lender.toml", '"payments.csv"', '"pay*.csv"')
    lender.write("payments-2.csv", "paid,amount,loan,reference\n30/01/2026,7,L1,P7\n")
    assert lender.load().tables["payments"] == counts(created=3)

    lender.mapping.write_text(
        "[[source]]" + lender.mapping.read_text().split("[[source]]")[3] + '\n[defaults]\ndate_formats = ["%d/%m/%Y"]\n'
    )
    lender.folder = lender.folder / "payments-2.csv"
    assert lender.load().tables["payments"] == counts(unchanged=1)


def test_computed_due_dates_skip_weekends_and_holidays_and_given_ones_stay(lender: Lender) -> None:
    lender.change(
        "lender.toml",
        'first_due_on = "first due"\ninstalments = { constant = 2 }\nevery_months = 1',
        'first_due_on = "first due"\ninstalments = { constant = 3 }\nevery_days = 7\n'
        "working_days = true\nholidays = [2026-02-09]",
    )
    lender.load()
    days = Instalment.objects.filter(loan__external_id="L1").order_by("number").values_list("due_on", flat=True)
    # Saturday as given, Saturday to Tuesday after a holiday, Saturday to Monday
    assert list(days) == [date(2026, 1, 31), date(2026, 2, 10), date(2026, 2, 16)]


@pytest.mark.parametrize(
    ("more", "first"),
    [("plus_months", {date(2026, 2, 5), date(2026, 4, 1)}), ("plus_days", {date(2026, 1, 6), date(2026, 2, 3)})],
)
def test_a_date_is_moved_by_what_each_row_says(lender: Lender, more: str, first: set[date]) -> None:
    lender.write("loans.csv", LOANS.replace("first due", "term").replace("31/01/2026", "1").replace("01/03/2026", "2"))
    moved = f'first_due_on = {{ column = "approved", {more} = {{ column = "term" }} }}'
    lender.change("lender.toml", 'first_due_on = "first due"', moved)
    assert lender.load().rejected == 0
    assert set(Instalment.objects.filter(number=1).values_list("due_on", flat=True)) == first


@pytest.mark.parametrize(("separator", "name"), [(";", "semicolons"), ("\t", "tabs"), ("|", "vertical bars")])
def test_the_separator_found_is_told(lender: Lender, separator: str, name: str) -> None:
    lender.write("customers.csv", CUSTOMERS.replace(",", separator))

    report = lender.load(dry_run=True)

    assert report.tables["borrowers"]["created"] == 2
    assert report.notes[0] == f"customers.csv: read as UTF-8, cells separated by {name}."


def test_cp1252_is_found_and_told(lender: Lender) -> None:
    lender.write("customers.csv", "id,name,phone,segment\nC1,Ada,1,a\nC2,Zoë Müller,2,b\n".encode("cp1252"))

    report = lender.load()

    assert Borrower.objects.get(external_id="C2").full_name == "Zoë Müller"
    assert any(
        "customers.csv: is not UTF-8 and was read as cp1252" in note and "Zoë Müller" in note for note in report.notes
    )


def test_cp1252_that_shows_only_in_a_later_block_is_found_too(lender: Lender) -> None:
    plain = "".join(f"X{n},Somebody,{n},a\n" for n in range(80_000))  # more than is decoded at once
    text = f"id,name,phone,segment\n{plain}C1,Ada,1,a\nC2,José,2,b\n"
    lender.write("customers.csv", text.encode("cp1252"))

    lender.load()

    assert Borrower.objects.get(external_id="C2").full_name == "José"
    assert Borrower.objects.count() == 80_002


@pytest.mark.parametrize(
    ("cell", "ratio"), [("12.5%", "0.125"), ("12.5 %", "0.125"), ("12.5", "0.125"), ("0.5%", "0.005")]
)
def test_rates_are_read_with_and_without_their_sign(lender: Lender, cell: str, ratio: str) -> None:
    lender.change(
        "lender.toml",
        'approved_on = "approved"',
        'approved_on = "approved"\nannual_interest_ratio = { column = "rate", divide_by = 100 }',
    )
    lender.write(
        "loans.csv",
        f"loan,customer,principal,approved,first due,total,rate\nL1,C1,1000,05/01/2026,31/01/2026,1100.01,{cell}\n"
        "L2,C2,500,01/02/2026,01/03/2026,500,\n",
    )
    lender.load()
    assert Loan.objects.get(external_id="L1").annual_interest_ratio == Decimal(ratio)


@pytest.mark.parametrize("cell", ["$550.00", "$ 550.00", "USD 550.00", "550.00 USD", "550.00$"])
def test_amounts_are_read_with_the_currency_signs_that_the_mapping_names(lender: Lender, cell: str) -> None:
    lender.change("lender.toml", 'currency = "USD"', 'currency = "USD"\ncurrency_signs = ["$", "USD"]')
    lender.change("payments.csv", "550.00", cell)
    lender.load()
    assert Payment.objects.get(external_id="P1").amount == Decimal("550.00")


def test_another_currency_sign_is_refused(lender: Lender) -> None:
    lender.change("lender.toml", 'currency = "USD"', 'currency = "USD"\ncurrency_signs = ["$"]')
    lender.change("payments.csv", "550.00", "€550.00")
    with pytest.raises(RowsRejected, match=r"'€550\.00' is not an amount"):
        lender.load()


def test_one_column_has_sentinels_of_its_own(lender: Lender) -> None:
    lender.change("lender.toml", 'phone = "phone"', 'phone = { column = "phone", missing = ["0", "none"] }')
    lender.change("customers.csv", "0803,retail", "none,0")

    lender.load()

    ada = Borrower.objects.get(external_id="C1")
    assert (ada.contact_points.count(), ada.attributes) == (0, {"segment": "0"})


def test_dates_without_leading_zeros_are_read_day_first(lender: Lender) -> None:
    lender.change("payments.csv", "30/01/2026", "3/1/2026")
    lender.change("loans.csv", "05/01/2026", "1/1/2026")
    lender.load()
    assert Payment.objects.get(external_id="P1").effective_on == date(2026, 1, 3)
