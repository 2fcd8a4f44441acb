"""A database of version 0.1.0, with a small book in it, comes to the present: nothing lost, balances the same, `verify` clean."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from borrowers.clock import end_of_day
from borrowers.services import refresh_delinquency
from creditpath.invariants import verify

# The last migration of each app at 1235cb3, where 0.1.0 ends; the framework's own apps come with these.
VERSION_0_1_0 = [
    ("borrowers", "0003_refuse_changes_to_the_ledger"),
    ("scoring", "0003_refuse_changes_to_models_and_scores"),
    ("recovery", "0002_find_promise_states"),
    ("accounts", "0003_create_cache_table"),
    ("jobs", "0001_initial"),
    ("idempotency", "0001_initial"),
    ("creditpath", "0001_remember_demo_steps"),
]
DAY = date(2026, 6, 30)
MONTH_ENDS = (date(2026, 4, 30), date(2026, 5, 31), DAY)
FIGURES = (
    "loan_id, days_past_due, bucket, instalments_past_due, oldest_unpaid_due_on, overdue_amount, overdue_principal_amount, "
    "outstanding_principal_amount, outstanding_amount, paid_amount, last_paid_on, last_paid_amount, next_due_on, next_due_amount"
)
Rows = list[dict[str, Any]]


def at_noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 16, tzinfo=UTC)


@pytest.fixture
def empty_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Connect to a database of its own that no migration has touched, and drop it afterwards."""
    tested = connection.settings_dict["NAME"]
    name = f"{tested}_upgrade"
    with django_db_blocker.unblock():
        connection.close()
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            cursor.execute(f'CREATE DATABASE "{name}"')
        connection.settings_dict["NAME"] = name
        try:
            yield
        finally:
            connection.close()
            connection.settings_dict["NAME"] = tested
            with connection._nodb_cursor() as cursor:
                cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def rows_of(sql: str, *parameters: Any) -> Rows:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def read_tables() -> dict[str, Rows]:
    """Return the rows of every table of the books, of scores and of the work."""
    tables = rows_of(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename ~ '^(borrowers|scoring|recovery|accounts)_'"
    )
    return {name: rows_of(f'SELECT * FROM "{name}"') for name in (row["tablename"] for row in tables)}


@transaction.atomic
def fill(apps: Any) -> None:
    """Write six loans as 0.1.0 could hold them: paid, late, reversed, restructured, written off and paid off."""

    def model(name: str) -> Any:
        return apps.get_model("borrowers", name).objects

    team = apps.get_model("accounts", "Team").objects.create(name="North")
    agent = apps.get_model("accounts", "User").objects.create(username="ada", role="agent", team=team)
    model("BusinessDate").create(id=1, day=DAY, is_frozen=True)
    product = model("Product").create(code="personal", name="Personal loan", tolerance_amount=Decimal("1.00"))
    approved = date(2026, 1, 20)
    plan = [date(2026, month, 20) for month in range(2, 9)]
    paid_months = {"current": 5, "late": 2, "reversed": 3, "restructured": 1, "written-off": 1, "paid-off": 7}
    for number, (name, n_paid) in enumerate(paid_months.items()):
        borrower = model("Borrower").create(
            external_id=f"B-{number}", full_name=f"Person {number}", time_zone="America/New_York", language="en",
            jurisdiction="US-NY", household="H-1" if number < 2 else "", attributes={"branch": "C"}, team=team,
        )  # fmt: skip
        model("ContactPoint").create(borrower=borrower, kind="phone", value=f"+1212555010{number}", is_preferred=True)
        model("ContactPoint").create(
            borrower=borrower, kind="email", value=f"person{number}@example.com",
            opted_out_on=date(2026, 5, 5) if number == 2 else None,
        )  # fmt: skip
        loan = model("Loan").create(
            external_id=f"L-{name}", borrower=borrower, product=product, currency="USD", principal_amount=700,
            annual_interest_ratio=Decimal("0.189"), approved_on=approved, booked_at=at_noon(approved),
            written_off_on=date(2026, 6, 10) if name == "written-off" else None, attributes={"grade": number},
        )  # fmt: skip
        schedule = model("ScheduleVersion").create(
            loan=loan, version=1, effective_on=approved, booked_at=at_noon(approved)
        )
        for position, due_on in enumerate(plan, start=1):
            model("Instalment").create(
                loan=loan, schedule=schedule, number=position, due_on=due_on, principal_amount=100, interest_amount=7
            )
        for position, due_on in enumerate(plan[:n_paid]):
            paid_on = min(due_on, DAY - timedelta(days=1))
            last = model("Payment").create(
                external_id=f"P-{name}-{position}", loan=loan, amount=Decimal("106.50") if position == 1 else 107,
                effective_on=paid_on, booked_at=at_noon(paid_on), channel="transfer",
            )  # fmt: skip
        if name == "reversed":
            model("Payment").create(
                loan=loan, amount=-last.amount, reverses=last, effective_on=last.effective_on + timedelta(days=4),
                booked_at=at_noon(last.effective_on + timedelta(days=6)), channel="transfer", recorded_by=agent,
            )  # fmt: skip
        if name == "restructured":
            agreed = date(2026, 4, 3)
            second = model("ScheduleVersion").create(
                loan=loan, version=2, reason="restructure", effective_on=agreed, booked_at=at_noon(agreed)
            )
            model("Instalment").create(
                loan=loan, schedule=second, number=1, due_on=plan[0], principal_amount=100, interest_amount=7
            )
            for position in range(2, 9):
                model("Instalment").create(
                    loan=loan, schedule=second, number=position, due_on=date(2026, position + 3, 3), principal_amount=85
                )
        event = model("ContactEvent").create(
            external_id=f"C-{number}", borrower=borrower, loan=loan, agent=agent, channel="call", outcome="promise",
            reached_borrower=True, note="after pay day", effective_on=date(2026, 6, 15),
            happened_at=at_noon(date(2026, 6, 15)), booked_at=at_noon(date(2026, 6, 15)),
        )  # fmt: skip
        model("Promise").create(
            loan=loan, contact_event=event, amount=107, made_on=date(2026, 6, 15), due_on=date(2026, 6, 25),
            booked_at=at_noon(date(2026, 6, 15)),
        )  # fmt: skip


def keep_figures() -> None:
    """Keep month ends and today's figures as 0.1.0 did."""
    with connection.cursor() as cursor:
        for day in MONTH_ENDS:
            cursor.execute(
                f"INSERT INTO borrowers_monthendsnapshot ({FIGURES}, as_of, known_at) "
                f"SELECT {FIGURES}, %s, %s FROM delinquency_as_of(%s, %s)",
                [day, known_by(day), day, known_by(day)],
            )
        cursor.execute(
            f"INSERT INTO borrowers_delinquency ({FIGURES}, as_of, refreshed_at) "
            f"SELECT {FIGURES}, %s, now() FROM delinquency_as_of(%s, %s)",
            [DAY, DAY, known_by(DAY)],
        )


def known_by(day: date) -> datetime:
    return end_of_day(day)


def test_books_of_the_first_version_come_to_the_present_whole(empty_database: None) -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(VERSION_0_1_0)
    fill(MigrationExecutor(connection).loader.project_state(VERSION_0_1_0).apps)
    keep_figures()
    old = read_tables()
    figures = rows_of(f"SELECT {FIGURES} FROM borrowers_delinquency ORDER BY loan_id")
    assert [row["bucket"] for row in figures] == ["current", "61-90", "61-90", "31-60", "written_off", "paid_off"]

    call_command("migrate", verbosity=0)

    new = read_tables()
    for table, rows in old.items():
        if table == "borrowers_delinquency":  # figures that are refreshed, compared below
            continue
        kept = [{name: value for name, value in row.items() if name in new[table][0]} for row in rows]
        dropped = {name for row in rows for name in row} - {name for row in kept for name in row}
        assert dropped <= ({"written_off_on"} if table == "borrowers_loan" else set()), table
        for row in kept:
            assert any(row.items() <= found.items() for found in new[table]), (table, row)
    (event,) = rows_of("SELECT loan_id, kind, effective_on FROM borrowers_loanevent")
    assert (event["kind"], event["effective_on"]) == ("written_off", date(2026, 6, 10))

    assert rows_of(f"SELECT {FIGURES} FROM borrowers_delinquency ORDER BY loan_id") == figures
    assert not verify(full=True).broken, verify(full=True).summary()
    refresh_delinquency(as_of=DAY)
    assert rows_of(f"SELECT {FIGURES} FROM borrowers_delinquency ORDER BY loan_id") == figures
    assert verify(full=True).broken == ()
