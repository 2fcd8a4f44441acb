"""Lists: strict parameters, pages by position, money as text, a fixed number of queries."""

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from borrowers.models import Loan
from borrowers.services import refresh_delinquency
from creditpath.accounts.models import Role, Team
from tests.api.conftest import Api
from tests.factories import make_borrower, make_loan

THROTTLE = 6  # the counter of requests in the cache table, and the savepoint around it
# resource -> queries for a page, whatever its length
BUDGET = {
    "borrowers": 2, "loans": 1, "payments": 1, "promises": 1, "imports": 1, "scores": 1, "models": 1,
    "recommendations": 1, "worklist": 1, "actions": 1, "grievances": 1,
}  # fmt: skip


@pytest.fixture
def many_loans(frozen_day: date, team: Team) -> list[Loan]:
    borrower = make_borrower(team=team)
    loans = [
        make_loan(
            borrower=borrower, instalments=[(date(2026, 6, 1 + number % 3), 100)], payments=[(date(2026, 6, 10), 1)]
        )
        for number in range(12)
    ]
    refresh_delinquency()
    return loans


@pytest.mark.parametrize("resource", list(BUDGET))
def test_page_costs_the_same_number_of_queries_however_long(
    resource: str, api: Api, many_loans: list[Loan], queries: Any
) -> None:
    client = api(Role.ADMIN)
    with queries(BUDGET[resource] + THROTTLE):
        assert client.get(f"/api/v1/{resource}/").status_code == 200


def test_amounts_are_decimal_text(api: Api, loan: Loan) -> None:
    answer = api(Role.ADMIN).get(f"/api/v1/loans/{loan.pk}/").json()
    assert answer["principal_amount"] == "270.00"
    assert answer["delinquency"]["overdue_amount"] == "100.00"
    assert answer["delinquency"]["bucket"] == "1-30"


def test_loan_that_was_never_refreshed_has_no_figures(api: Api, frozen_day: date) -> None:
    loan = make_loan(instalments=[(date(2026, 6, 1), 100)])
    assert api(Role.ADMIN).get(f"/api/v1/loans/{loan.pk}/").json()["delinquency"] is None


@pytest.mark.parametrize("ordering", ["id", "-id", "days_past_due", "-days_past_due", "-overdue_amount"])
def test_pages_in_any_order_hold_every_loan_once_there_and_back(
    api: Api, many_loans: list[Loan], ordering: str
) -> None:
    client, address = api(Role.ADMIN), f"/api/v1/loans/?page_size=5&ordering={ordering}"
    pages = [client.get(address).json()]
    while pages[-1]["next"]:
        pages.append(client.get(pages[-1]["next"]).json())
    seen = [row["id"] for page in pages for row in page["results"]]
    assert sorted(seen) == sorted(loan.pk for loan in many_loans)
    assert [len(page["results"]) for page in pages] == [5, 5, 2]
    back = client.get(pages[-1]["previous"]).json()
    assert back["results"] == pages[1]["results"]
    first = client.get(back["previous"]).json()
    assert (first["results"], first["previous"]) == (pages[0]["results"], None)
    days = [row["delinquency"]["days_past_due"] for page in pages for row in page["results"]]
    if "days_past_due" in ordering:
        assert days == sorted(days, reverse=ordering.startswith("-"))


@pytest.mark.parametrize("ordering", ["days_past_due", "-days_past_due", "overdue_amount", "-overdue_amount"])
def test_page_of_a_list_by_a_figure_is_read_off_an_index(api: Api, many_loans: list[Loan], ordering: str) -> None:
    client = api(Role.ADMIN)
    following = client.get(f"/api/v1/loans/?page_size=5&ordering={ordering}").json()["next"]
    with CaptureQueriesContext(connection) as captured:
        client.get(following)
    (page,) = [
        query["sql"] for query in captured if "ORDER BY" in query["sql"] and '"borrowers_loan"."id" ' in query["sql"]
    ]
    with connection.cursor() as cursor:
        for way in ("seqscan", "bitmapscan", "hashjoin", "mergejoin", "sort", "incremental_sort"):
            cursor.execute(f"SET LOCAL enable_{way} = off")  # twelve rows are sorted as cheaply
        cursor.execute(f"EXPLAIN {page}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "delinquency_late_since_idx" in plan or "delinquency_overdue_idx" in plan
    assert "Sort" not in plan.split("SubPlan")[0]


def test_row_that_comes_in_between_is_neither_missed_nor_doubled(api: Api, many_loans: list[Loan]) -> None:
    client = api(Role.ADMIN)
    page = client.get("/api/v1/loans/?page_size=5&ordering=-id").json()
    make_loan(instalments=[(date(2026, 6, 1), 100)])
    following = client.get(page["next"]).json()
    assert following["results"][0]["id"] == page["results"][-1]["id"] - 1


def test_filters_narrow_the_list(api: Api, loan: Loan, other_loan: Loan) -> None:
    client = api(Role.ADMIN)
    for query, expected in {
        f"external_id={loan.external_id}": [loan.pk],
        f"team={other_loan.borrower.team_id}": [other_loan.pk],
        "bucket=1-30": [loan.pk, other_loan.pk],
        "bucket=91%2B": [],
        "min_days_past_due=29": [loan.pk, other_loan.pk],
        "max_days_past_due=28": [],
        "currency=NGN": [],
    }.items():
        answer = client.get(f"/api/v1/loans/?{query}")
        assert [row["id"] for row in answer.json()["results"]] == expected, query


@pytest.mark.parametrize(
    "query",
    [
        "borrower__user__password__startswith=a",
        "nonsense=1",
        "bucket=unheard",
        "borrower=abc",
        "approved_from=2026-02-31",
        "ordering=principal_amount",
        "ordering=--id",
        "page_size=0",
        "page_size=1000000",
        "page_size=١٢",
        "cursor=nonsense",
        "cursor=AAAA",
        "cursor=W10",
        "offset=1000000000",
        "external_id=%00",
        "min_days_past_due=NaN",
        "min_days_past_due=1e400",
    ],
)
def test_parameter_that_makes_no_sense_is_refused(api: Api, loan: Loan, query: str) -> None:
    answer = api(Role.ADMIN).get(f"/api/v1/loans/?{query}")
    assert answer.status_code == 400, answer.content
    assert set(answer.json()) == {"code", "detail", "fields"}


def test_cursor_of_one_order_is_refused_in_another(api: Api, many_loans: list[Loan]) -> None:
    client = api(Role.ADMIN)
    following = client.get("/api/v1/loans/?page_size=5").json()["next"]
    assert client.get(f"{following}&ordering=-id").status_code == 400


@pytest.mark.parametrize("pk", [0, 2**63 - 1, 2**63, 10**40])
def test_id_that_nobody_has_is_not_found(api: Api, loan: Loan, pk: int) -> None:
    assert api(Role.ADMIN).get(f"/api/v1/loans/{pk}/").status_code == 404


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_nothing_is_changed_or_deleted_through_the_api(api: Api, loan: Loan, method: str) -> None:
    payment = loan.payments.get()
    for address in (f"/api/v1/payments/{payment.pk}/", f"/api/v1/loans/{loan.pk}/"):
        assert getattr(api(Role.ADMIN), method)(address, {}).status_code in {403, 405}
    assert loan.payments.get() == payment


@pytest.mark.django_db
@pytest.mark.parametrize("value", ["-1e2000000", "1e9", "1.5", "9" * 5000, "-1", "²"])
def test_number_that_is_no_key_is_refused_at_once(client_of, value: str) -> None:
    answer = client_of("manager").get("/api/v1/loans/", {"borrower": value})

    assert answer.status_code == 400
    assert "borrower" in answer.json()["fields"]
