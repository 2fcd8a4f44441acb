"""Lists of large tables: found by index, counted in bounded time, paged through at the beginning only."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import QuerySet
from django.test import Client, RequestFactory
from django.urls import reverse

from borrowers.admin import LoanAdmin
from borrowers.admin.filters import currencies_in_use
from borrowers.models import Borrower, Collateral, ContactPoint, Loan, Payment
from borrowers.services import refresh_delinquency, set_business_date
from creditpath import admin_lists
from creditpath.accounts.models import Role, Team
from creditpath.admin_lists import LargeTablePaginator
from tests.factories import make_borrower, make_loan, make_payment

ClientOf = Callable[[Role], Client]

pytestmark = pytest.mark.django_db


# So many rows that reading a whole table costs more than an index; by copying one row, whatever columns it has.
MANY = """
INSERT INTO borrowers_borrower
    SELECT (jsonb_populate_record(row, jsonb_build_object(
        'id', 1000000 + n, 'external_id', 'X' || n, 'full_name', md5(n::text)))).*
    FROM borrowers_borrower AS row, generate_series(1, 5000) AS n WHERE row.id = %(borrower)s;
INSERT INTO borrowers_loan
    SELECT (jsonb_populate_record(row, jsonb_build_object(
        'id', 1000000 + n, 'external_id', 'X' || n, 'borrower_id', 1000000 + n))).*
    FROM borrowers_loan AS row, generate_series(1, 5000) AS n WHERE row.id = %(loan)s;
INSERT INTO borrowers_payment (loan_id, external_id, amount, effective_on, channel)
    SELECT 1000000 + n, 'X' || n, 1, '2026-05-01', 'cash' FROM generate_series(1, 5000) AS n;
INSERT INTO borrowers_contactpoint (borrower_id, kind, value, is_preferred)
    SELECT 1000000 + n, 'phone', md5(n::text), true FROM generate_series(1, 5000) AS n;
INSERT INTO borrowers_collateral (loan_id, reference, kind, value_amount, valued_on)
    SELECT 1000000 + n, md5(n::text), 'car', 1, '2026-05-01' FROM generate_series(1, 5000) AS n;
ANALYZE borrowers_borrower, borrowers_loan, borrowers_payment, borrowers_contactpoint, borrowers_collateral
"""


def searched(model: Any, term: str) -> QuerySet:
    model_admin = admin.site._registry[model]
    request = RequestFactory().get("/")
    return model_admin.get_search_results(request, model_admin.get_queryset(request), term)[0]


@pytest.fixture
def loans(team: Team) -> list[Loan]:
    people = [make_borrower(team=team, full_name=name) for name in ("Asha Verma", "ash Ketchum", "O'Brien 100%_x")]
    return [make_loan(borrower=person, instalments=[(date(2026, 5, 1), 100)]) for person in people]


@pytest.mark.parametrize(
    ("term", "found"),
    [("ash", 2), ("ASHA VERMA", 1), (" asha ", 1), ("Verma", 0), ("O'Brien 100%", 1), ("%", 0), ("_", 0)],
)
def test_rows_are_found_by_the_beginning_of_the_whole_name(term: str, found: int, loans: list[Loan]) -> None:
    assert searched(Borrower, term).count() == found
    assert searched(Loan, term).count() == found


def test_loan_is_found_by_any_of_its_numbers(loans: list[Loan]) -> None:
    assert list(searched(Loan, loans[1].external_id)) == [loans[1]]
    assert list(searched(Loan, loans[1].borrower.external_id)) == [loans[1]]
    payment = make_payment(loans[0], date(2026, 5, 1), 5)
    assert list(searched(Payment, loans[0].external_id)) == [payment]


@pytest.mark.parametrize(
    ("model", "indexes"),
    [
        (Borrower, {"borrower_name_prefix_idx", "borrowers_borrower_external_id"}),
        (Loan, {"borrower_name_prefix_idx", "borrowers_borrower_external_id", "borrowers_loan_external_id"}),
        (Payment, {"borrowers_payment_external_id", "borrowers_loan_external_id"}),
        (ContactPoint, {"contact_point_value_prefix_idx", "borrowers_borrower_external_id"}),
        (Collateral, {"collateral_reference_prefix_idx", "borrowers_loan_external_id"}),
    ],
)
def test_every_field_that_is_searched_has_an_index(model: Any, indexes: set[str], loans: list[Loan]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(MANY, {"loan": loans[0].pk, "borrower": loans[0].borrower_id})
        plan = searched(model, "Asha12").explain()
    for index in indexes:
        line = next((line for line in plan.splitlines() if index in line), None)
        assert line is not None, f"{index} is not used:\n{plan}"
    assert plan.count("Index Cond") + plan.count("Recheck Cond") >= len(indexes)


def test_currencies_in_use_are_found_by_skipping(loans: list[Loan]) -> None:
    for currency in ("EUR", "USD", "AED"):
        make_loan(currency=currency)
    assert currencies_in_use() == ["AED", "EUR", "USD"]


def test_no_loans_have_no_currencies() -> None:
    assert currencies_in_use() == []


def test_filtered_list_is_counted_by_estimate_where_counting_takes_too_long(
    loans: list[Loan], monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Loan.objects.filter(pk__gt=0).extra(where=["pg_sleep(0.2) IS NOT NULL"]).order_by("pk")
    assert LargeTablePaginator(slow.filter(pk=loans[0].pk), 50).count == 1
    monkeypatch.setattr(admin_lists, "COUNTING_MS", 100)
    paginator = LargeTablePaginator(slow, 50)
    assert paginator.count >= 50
    assert paginator.is_estimated
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)


def test_pages_far_down_are_not_offered(
    loans: list[Loan], monkeypatch: pytest.MonkeyPatch, client_of: ClientOf
) -> None:
    monkeypatch.setattr(admin_lists, "MOST_PAGES", 2)
    monkeypatch.setattr(admin.site._registry[Borrower], "list_per_page", 1)
    client = client_of(Role.ADMIN)
    address = reverse("admin:borrowers_borrower_changelist")
    page = client.get(address).content.decode()
    assert "the first 2 can be paged through" in " ".join(page.split())
    assert client.get(address, {"p": 2}).status_code == 200
    assert client.get(address, {"p": 3}).status_code == 302


def test_estimate_is_called_one(loans: list[Loan], monkeypatch: pytest.MonkeyPatch, client_of: ClientOf) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE borrowers_borrower")
    monkeypatch.setattr(admin_lists, "ESTIMATE_FROM", 1)
    page = client_of(Role.ADMIN).get(reverse("admin:borrowers_borrower_changelist")).content.decode()
    assert "about 3 borrowers" in " ".join(page.split())


def test_search_looks_at_a_limited_number_of_matches(loans: list[Loan], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin_lists, "MATCHES_PER_FIELD", 1)
    assert searched(Borrower, "ash").count() == 1


def test_latest_loans_come_first_by_an_index(loans: list[Loan], client_of: ClientOf) -> None:
    for days in (40, 90, 5):
        make_loan(instalments=[(date(2026, 6, 30) - timedelta(days=days), 100)])
    set_business_date(day=date(2026, 6, 30))
    refresh_delinquency()
    client = client_of(Role.ADMIN)
    place = LoanAdmin.list_display.index("days_past_due") + 1

    listed = client.get(reverse("admin:borrowers_loan_changelist"), {"o": f"-{place}"}).context["cl"]

    late = [loan.delinquency.days_past_due for loan in listed.result_list if loan.delinquency.days_past_due]
    assert late == sorted(late, reverse=True)
    assert late == [90, 60, 60, 60, 40, 5]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")  # as many loans would have it
    assert "delinquency_late_since_idx" in listed.queryset[:50].explain()
