"""Lists as files: what is in them, who may take them, and the log of it."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from borrowers.models import Borrower, Instalment, Loan, MonthEndSnapshot, Payment
from borrowers.services import refresh_delinquency
from creditpath.accounts.models import Role, Team
from creditpath.exports import services
from creditpath.exports.cells import csv_cell, excel_cell
from creditpath.exports.models import ExportRun
from scoring.models import ModelVersion
from tests.factories import make_borrower, make_loan, make_payment
from tests.models import register_logistic

ClientOf = Callable[[Role], Client]

pytestmark = pytest.mark.django_db


@pytest.fixture
def loans(frozen_day: date, team: Team) -> list[Loan]:
    names = ['=HYPERLINK("http://x")', "==1", "Ünal\x07 Öz"]
    loans = [
        make_loan(
            borrower=make_borrower(team=team, full_name=name),
            instalments=[(date(2026, 5 + number, 1), 90, 10)],
            payments=[(date(2026, 6, 1), "5.50")],
        )
        for number, name in enumerate(names)
    ]
    refresh_delinquency()
    return loans


def take(client: Client, model: Any, form: str, *, query: str = "", ticked: list[int] | None = None) -> Any:
    """Ask for a list's file: of the ticked rows, or of the whole list that the query finds."""
    address = reverse(f"admin:borrowers_{model._meta.model_name}_changelist") + query
    body = {"action": f"export_{form}", "_selected_action": ticked or [model.objects.first().pk]}
    return client.post(address, body if ticked else body | {"select_across": "1"})


def read(answer: Any) -> bytes:
    """Return a file as a browser would, and close it without ending the request's connection, which is the test's."""
    content = answer.getvalue()
    for close in answer._resource_closers:
        close()
    return content


def csv_of(answer: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(read(answer).decode("utf-8-sig"))))


def excel_of(answer: Any) -> Any:
    return load_workbook(io.BytesIO(read(answer)))


def test_ticked_rows_come_as_csv_with_text_that_is_no_formula(loans: list[Loan], client_of: ClientOf) -> None:
    answer = take(client_of(Role.MANAGER), Loan, "csv", ticked=[loans[0].pk, loans[1].pk])
    rows = csv_of(answer)
    head = rows[0]
    assert {row[head.index("name")] for row in rows[1:3]} == {'\'=HYPERLINK("http://x")', "'==1"}
    assert rows[1][head.index("principal")] == "90.00"
    assert rows[-2] == []
    assert rows[-1] == ["# 2 borrowers.loan, rows ticked; filters: none; as of 2026-06-30; exported by manager"]
    assert 'filename="loans-2026-06-30-' in answer["Content-Disposition"]


def test_export_says_of_every_loan_whether_it_is_simulated(loans: list[Loan], client_of: ClientOf) -> None:
    Borrower.objects.filter(pk=loans[0].borrower_id).update(is_simulated=True)
    head, *rows = csv_of(take(client_of(Role.MANAGER), Loan, "csv"))[:-2]
    told = {row[head.index("loan")]: row[head.index("simulated")] for row in rows}
    assert told == {loan.external_id: "yes" if loan == loans[0] else "no" for loan in loans}


def test_whole_filtered_list_comes_as_excel_with_text_numbers_and_days(loans: list[Loan], client_of: ClientOf) -> None:
    book = excel_of(take(client_of(Role.MANAGER), Loan, "excel", query="?bucket=late"))
    sheet = book["loan"]
    head = [cell.value for cell in sheet[1]]
    cells = {name: [row[place] for row in sheet.iter_rows(min_row=2)] for place, name in enumerate(head)}
    assert {cell.value for cell in cells["name"]} == {'=HYPERLINK("http://x")', "==1"}
    assert {cell.data_type for cell in cells["name"]} == {"s"}
    assert {cell.data_type for cell in cells["principal"]} == {"n"}
    approved = {cell.value for cell in cells["approved on"]}
    assert approved == {datetime.combine(loan.approved_on, time.min) for loan in loans[:2]}
    assert "filters: bucket=late; as of 2026-06-30; exported by manager" in book["about"]["A1"].value


def test_every_export_is_logged_with_filters_number_and_person(loans: list[Loan], client_of: ClientOf) -> None:
    read(take(client_of(Role.MANAGER), Loan, "csv", query="?bucket=late&currency=USD"))
    run = ExportRun.objects.get()
    assert (run.model, run.form, run.filters, run.n_rows) == ("borrowers.loan", "csv", "bucket=late&currency=USD", 2)
    assert (run.as_of, run.exported_by.username, run.is_selection) == (date(2026, 6, 30), "manager", False)


def test_log_of_exports_is_append_only(loans: list[Loan], client_of: ClientOf) -> None:
    read(take(client_of(Role.MANAGER), Loan, "csv"))
    for change in (lambda: ExportRun.objects.update(n_rows=0), lambda: ExportRun.objects.all().delete()):
        with pytest.raises(IntegrityError, match="exports_exportrun"), transaction.atomic():
            change()


def test_who_may_not_see_a_list_takes_no_file_of_it(loans: list[Loan], client_of: ClientOf) -> None:
    assert take(client_of(Role.ANALYST), Loan, "csv").status_code == 403
    assert take(client_of(Role.AGENT), Loan, "csv").status_code == 403
    assert not ExportRun.objects.exists()
    assert len(csv_of(take(client_of(Role.ANALYST), Payment, "csv"))) == 6


@pytest.mark.parametrize("form", ["csv", "excel"])
@pytest.mark.parametrize("model", [Borrower, Instalment, Payment, MonthEndSnapshot])
def test_lists_come_with_all_their_columns(
    model: Any, form: str, loans: list[Loan], client_of: ClientOf, django_assert_max_num_queries: Any
) -> None:
    client = client_of(Role.ADMIN)
    with django_assert_max_num_queries(20):
        answer = take(client, model, form)
    rows = csv_of(answer)[:-2] if form == "csv" else list(excel_of(answer).worksheets[0].iter_rows(values_only=True))
    assert len(rows) == 1 + model.objects.count()
    assert len(rows[0]) == len(model._meta.concrete_fields)


def test_reversal_stays_a_negative_number(loans: list[Loan], client_of: ClientOf) -> None:
    payment = loans[0].payments.get()
    make_payment(loans[0], date(2026, 6, 2), "-5.50", reverses=payment)
    rows = csv_of(take(client_of(Role.ADMIN), Payment, "csv"))
    assert "-5.50" in {row[rows[0].index("amount")] for row in rows[1:-2]}


def test_bytes_of_a_model_are_left_out(db: None, client_of: ClientOf) -> None:
    model = register_logistic()
    address = reverse("admin:scoring_modelversion_changelist")
    answer = client_of(Role.ADMIN).post(address, {"action": "export_csv", "_selected_action": [model.pk]})
    assert "onnx" not in csv_of(answer)[0]
    assert ModelVersion.objects.count() == 1


def test_list_that_is_too_long_is_refused_in_a_sentence(
    loans: list[Loan], client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(services.MOST_ROWS, ExportRun.Form.EXCEL, 2)
    client = client_of(Role.MANAGER)
    address = take(client, Loan, "excel")["Location"]
    assert "more than 2 rows, the most for Excel: filter it, or take a part." in client.get(address).content.decode()
    assert not ExportRun.objects.exists()


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("=1", "'=1"), ("==1", "'==1"), ("+1", "'+1"), ("-1", "'-1"), ("@x", "'@x"), ("\t=1", "'\t=1"), (" =1", "' =1"),
        ("\r=1", "'\r=1"), ("\x00=1", "'=1"), ("O'Brien", "O'Brien"), (-5, -5), (Decimal("-5.50"), Decimal("-5.50")), (None, ""),
        (["=1"], "['=1']"), (date(2026, 6, 30), "2026-06-30"),
    ],
)  # fmt: skip
def test_cell_of_csv_is_never_a_formula(cell: Any, shown: Any) -> None:
    assert csv_cell(cell) == shown


@pytest.mark.parametrize(
    ("cell", "kept"),
    [
        ("==1", "==1"), ("a\x00\x0bb￿", "ab"), ("x" * 40_000, "x" * 32_767), (Decimal("-5.50"), Decimal("-5.50")), (True, True),
        (datetime(2026, 6, 30, 16, 0, tzinfo=UTC), datetime(2026, 6, 30, 12, 0)),  # noqa: DTZ001  Excel knows no zones
    ],
)  # fmt: skip
def test_cell_of_excel_can_be_stored(cell: Any, kept: Any) -> None:
    assert excel_cell(cell) == kept
