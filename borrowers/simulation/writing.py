"""Write a simulated lender into the tables of the books through COPY."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection

from borrowers.models import (
    Borrower,
    ContactEvent,
    ContactPoint,
    Instalment,
    Loan,
    Payment,
    Product,
    Promise,
    ScheduleVersion,
)
from borrowers.simulation.behaviour import REACHED, History, Ints, Restructure
from borrowers.simulation.lending import Calendar, Loans, split_instalments
from borrowers.simulation.names import OCCUPATIONS, PLACES, PURPOSES
from borrowers.simulation.parameters import Parameters
from borrowers.simulation.people import People
from creditpath.sql import copy_rows

ROWS_A_STATEMENT = 200_000  # foreign keys are checked per statement: this bounds what waits to be checked
PAYMENT_CHANNELS = ("transfer", "direct_debit", "card", "cash")
CONTACT_CHANNELS = ("call", "sms", "email", "inbound")
OUTCOMES = (
    "no_answer", "left_message", "wrong_person", "wrong_number", "promise", "refused", "hardship", "dispute", "call_back",
    "paid", "sent",
)  # fmt: skip
BUSINESS_OPENS, BOOKED_UNTIL_TODAY, BUSINESS_CLOSES = 8 * 3600, 10 * 3600 + 1800, 18 * 3600

Progress = Callable[[int, int, str], None]
Row = Sequence[Any]


@dataclass(frozen=True)
class Written:
    """Rows by table."""

    borrowers: int
    loans: int
    instalments: int
    payments: int
    reversals: int
    contact_events: int
    promises: int


@dataclass(frozen=True)
class Staff:
    """Who services: team ids, and the agents of each."""

    team_ids: tuple[int, ...]
    agent_ids: tuple[tuple[int, ...], ...]


class Writer:
    """Turns columns into rows; ids are given out here so that rows can refer to each other."""

    def __init__(
        self,
        *,
        rng: np.random.Generator,
        people: People,
        loans: Loans,
        history: History,
        calendar: Calendar,
        parameters: Parameters,
        staff: Staff,
        progress: Progress,
    ) -> None:
        self.rng, self.people, self.loans, self.history = rng, people, loans, history
        self.calendar, self.parameters, self.staff, self.progress = calendar, parameters, staff, progress
        self.days = _DayNames(int(people.birth_day.min()), calendar.as_of + 366 * 7)
        self.first_borrower = self.first_loan = 0

    def write(self) -> Written:
        """Write everything; the tables must be empty and locked by the caller's transaction."""
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            self.cursor = cursor
            products = self._write_products()
            borrowers = self._write_borrowers()
            loans = self._write_loans(products)
            instalments = self._write_schedules()
            payments, reversals = self._write_payments()
            contacts, promises = self._write_contacts()
            cursor.execute(
                "ANALYZE borrowers_borrower, borrowers_loan, borrowers_scheduleversion, borrowers_instalment, "
                "borrowers_payment, borrowers_contactevent, borrowers_promise"
            )
        return Written(borrowers, loans, instalments, payments, reversals, contacts, promises)

    def _write_products(self) -> list[int]:
        return [
            Product.objects.get_or_create(
                code=terms.code, defaults={"name": terms.name, "tolerance_amount": _money(terms.tolerance_cents)}
            )[0].id
            for terms in self.parameters.products
        ]

    def _write_borrowers(self) -> int:
        people, loans, days = self.people, self.loans, self.days
        self.first_borrower = self._reserve(Borrower, len(people))
        first_loan_day = np.full(len(people), self.calendar.as_of)
        np.minimum.at(first_loan_day, loans.borrower, loans.approved_day)
        columns = (
            "id", "external_id", "full_name", "birth_date", "language", "time_zone", "jurisdiction", "household", "team_id",
            "attributes", "is_simulated", "created_at",
        )  # fmt: skip
        rows = (
            (
                self.first_borrower + i,
                f"B-{i + 1:07d}",
                people.full_name(i),
                days[people.birth_day[i]],
                "es" if people.speaks_spanish[i] else "en",
                PLACES[people.place[i]][1],
                PLACES[people.place[i]][0],
                f"H-{people.household[i] + 1:06d}" if people.household[i] >= 0 else "",
                self.staff.team_ids[people.team[i]],
                {
                    "monthly_income": int(people.monthly_income[i]),
                    "occupation": OCCUPATIONS[people.occupation[i]],
                },
                True,
                days.moment(first_loan_day[i], BUSINESS_OPENS),
            )
            for i in range(len(people))
        )
        self._copy(Borrower, columns, rows, len(people))
        self._copy(
            ContactPoint,
            ("borrower_id", "kind", "value", "is_preferred", "verified_on"),
            self._contact_points(first_loan_day),
            2 * len(people),
        )
        return len(people)

    def _contact_points(self, first_loan_day: Ints) -> Iterator[Row]:
        people = self.people
        for i in range(len(people)):
            day = self.days[first_loan_day[i]]
            phone = f"+1 {people.area_code[i]} 555 01{people.phone_line[i]:02d}"
            email = f"{people.full_name(i).lower().replace(' ', '.')}.{i + 1}@example.com"
            yield self.first_borrower + i, "phone", phone, True, day
            yield self.first_borrower + i, "email", email, False, None

    def _write_loans(self, products: list[int]) -> int:
        loans, days, terms = self.loans, self.days, self.parameters.products
        n = len(loans)
        self.first_loan = self._reserve(Loan, n)
        columns = (
            "id", "external_id", "borrower_id", "product_id", "currency", "principal_amount", "annual_interest_ratio",
            "term_days", "approved_on", "approved_at", "written_off_on", "attributes", "booked_at",
        )  # fmt: skip
        last_due = self.calendar.day_of(loans.first_due_month + loans.term - 1, loans.due_day_of_month)
        purposes = [PURPOSES[product.code] for product in terms]

        def rows() -> Iterator[Row]:
            for i in range(n):
                product = loans.product[i]
                approved = days.moment(loans.approved_day[i], int(loans.approved_minute[i]) * 60)
                gone = self.history.written_off_day[i]
                yield (
                    self.first_loan + i,
                    f"L-{i + 1:07d}",
                    self.first_borrower + int(loans.borrower[i]),
                    products[product],
                    "USD",
                    _money(loans.principal[i]),
                    terms[product].annual_interest_ratio,
                    int(last_due[i] - loans.approved_day[i]),
                    days[loans.approved_day[i]],
                    approved,
                    days[gone] if gone >= 0 else None,
                    {
                        "purpose": purposes[product][int(loans.purpose[i] * len(purposes[product]))],
                        "term_months": int(loans.term[i]),
                    },
                    approved,
                )

        return self._copy(Loan, columns, rows(), n)

    def _write_schedules(self) -> int:
        loans, days = self.loans, self.days
        n, plans = len(loans), sorted(self.history.restructures, key=lambda plan: (plan.day, plan.loan))
        first = self._reserve(ScheduleVersion, n + len(plans))

        def versions() -> Iterator[Row]:
            for i in range(n):
                booked = days.moment(loans.approved_day[i], int(loans.approved_minute[i]) * 60)
                yield first + i, self.first_loan + i, 1, "original", days[loans.approved_day[i]], booked
            for number, plan in enumerate(plans):
                booked = days.moment(plan.day, BUSINESS_CLOSES)
                yield first + n + number, self.first_loan + plan.loan, 2, "restructure", days[plan.day], booked

        self._copy(
            ScheduleVersion,
            ("id", "loan_id", "version", "reason", "effective_on", "booked_at"),
            versions(),
            n + len(plans),
        )
        owner, number, principal, interest, fee = split_instalments(
            loans.principal, loans.term, loans.product, self.parameters
        )
        due = self.calendar.day_of(loans.first_due_month[owner] + number - 1, loans.due_day_of_month[owner])
        start_of = np.concatenate([[0], np.cumsum(loans.term)])
        lines = np.column_stack([due, principal, interest, fee])

        def instalments() -> Iterator[Row]:
            for i, j, day, repaid, cost, service in zip(
                owner.tolist(),
                number.tolist(),
                due.tolist(),
                principal.tolist(),
                interest.tolist(),
                fee.tolist(),
                strict=True,
            ):
                yield self.first_loan + i, first + i, j, days[day], _money(repaid), _money(cost), _money(service)
            for offset, plan in enumerate(plans):
                original = lines[start_of[plan.loan] : start_of[plan.loan + 1]]
                for j, line in enumerate(self._restate(plan, original), start=1):
                    yield self.first_loan + plan.loan, first + n + offset, j, days[line[0]], *map(_money, line[1:])

        columns = ("loan_id", "schedule_id", "number", "due_on", "principal_amount", "interest_amount", "fee_amount")
        return self._copy(Instalment, columns, instalments(), len(owner))

    def _restate(self, plan: Restructure, original: Ints) -> Iterator[tuple[int, ...]]:
        """Return a whole plan: what was paid stays as it was due, the rest is spread evenly over the new months."""
        received = plan.received
        rest = np.zeros(3, np.int64)
        for due, *parts in original.tolist():
            principal, interest, fee = parts
            paid_fee = min(fee, received)
            paid_interest = min(interest, received - paid_fee)
            paid_principal = min(principal, received - paid_fee - paid_interest)
            received -= paid_fee + paid_interest + paid_principal
            if paid_fee + paid_interest + paid_principal:
                yield due, paid_principal, paid_interest, paid_fee
            rest += (principal - paid_principal, interest - paid_interest, fee - paid_fee)
        months = plan.first_due_month + np.arange(plan.term)
        level = rest // plan.term
        for k, due in enumerate(self.calendar.day_of(months, self.loans.due_day_of_month[plan.loan]).tolist()):
            part = level if k < plan.term - 1 else rest - level * (plan.term - 1)
            yield due, *part.tolist()

    def _write_payments(self) -> tuple[int, int]:
        loan, day, amount, channel, booked, reverses = self.history.payments
        booked = np.where(reverses >= 0, np.maximum(booked, booked[reverses] + 1), booked)
        known = (booked <= self.calendar.as_of) & (day <= self.calendar.as_of)
        second = self._seconds(booked, len(day))
        entries = np.flatnonzero(known)
        entries = entries[np.lexsort((entries, second[entries], booked[entries]))]
        first = self._reserve(Payment, len(entries))
        ids = np.zeros(len(day), np.int64)
        ids[entries] = first + np.arange(len(entries))
        days = self.days

        def rows() -> Iterator[Row]:
            for e in entries.tolist():
                back = reverses[e]
                yield (
                    int(ids[e]),
                    self.first_loan + int(loan[e]),
                    _money(amount[e]),
                    days[day[e]],
                    days.moment(booked[e], int(second[e])),
                    PAYMENT_CHANNELS[channel[e]],
                    int(ids[back]) if back >= 0 else None,
                )

        columns = ("id", "loan_id", "amount", "effective_on", "booked_at", "channel", "reverses_id")
        written = self._copy(Payment, columns, rows(), len(entries))
        return written, int((reverses[entries] >= 0).sum())

    def _write_contacts(self) -> tuple[int, int]:
        loan, day, channel, outcome = self.history.contacts
        n = len(loan)
        first = self._reserve(ContactEvent, n)
        second = self.rng.integers(9 * 3600, 19 * 3600, n)
        reached = np.isin(outcome, REACHED)
        order = np.lexsort((np.arange(n), second, day))
        rank = np.empty(n, np.int64)
        rank[order] = np.arange(n)
        borrower = self.loans.borrower[loan]
        days = self.days

        def moment(e: int) -> str:
            return days.moment(day[e], int(second[e]), PLACES[self.people.place[borrower[e]]][1])

        def events() -> Iterator[Row]:
            for position, e in enumerate(order.tolist()):
                agents = self.staff.agent_ids[self.people.team[borrower[e]]]
                yield (
                    first + position,
                    self.first_borrower + int(borrower[e]),
                    self.first_loan + int(loan[e]),
                    agents[position % len(agents)] if agents else None,
                    CONTACT_CHANNELS[channel[e]],
                    OUTCOMES[outcome[e]],
                    bool(reached[e]),
                    "",
                    days[day[e]],
                    moment(e),
                    moment(e),
                )

        columns = (
            "id", "borrower_id", "loan_id", "agent_id", "channel", "outcome", "reached_borrower", "note", "effective_on",
            "happened_at", "booked_at",
        )  # fmt: skip
        self._copy(ContactEvent, columns, events(), n)

        contact, due, amount = self.history.promises

        def promises() -> Iterator[Row]:
            for p in np.argsort(rank[contact]).tolist():
                e = contact[p]
                yield (
                    self.first_loan + int(loan[e]),
                    first + int(rank[e]),
                    _money(amount[p]),
                    days[day[e]],
                    days[due[p]],
                    moment(e),
                )

        promised = ("loan_id", "contact_event_id", "amount", "made_on", "due_on", "booked_at")
        return n, self._copy(Promise, promised, promises(), len(contact))

    def _seconds(self, booked: Ints, n: int) -> Ints:
        """Return when in the day entries are booked; on the business date itself the morning is all there was."""
        today = booked == self.calendar.as_of
        closes = np.where(today, BOOKED_UNTIL_TODAY, BUSINESS_CLOSES)
        return BUSINESS_OPENS + np.floor(self.rng.random(n) * (closes - BUSINESS_OPENS)).astype(np.int64)

    def _reserve(self, model: type, n: int) -> int:
        """Take n ids off a table's sequence and return the first."""
        table = model._meta.db_table  # type: ignore[attr-defined]
        self.cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [table])
        first = int(self.cursor.fetchone()[0])
        if n > 1:
            self.cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [table, first + n - 1])
        return first

    def _copy(self, model: type, columns: Sequence[str], rows: Iterable[Row], total: int) -> int:
        meta = model._meta  # type: ignore[attr-defined]
        done, rows = 0, iter(rows)
        while True:
            chunk = list(islice(rows, ROWS_A_STATEMENT))
            if not chunk:
                return done
            done += copy_rows(self.cursor, meta.db_table, columns, chunk)
            self.progress(done, max(total, done), str(meta.verbose_name_plural))


class _DayNames:
    """Text of days and instants, each day's made once."""

    def __init__(self, first: int, last: int) -> None:
        self.first = first
        self.names = np.datetime_as_string(np.arange(first, last + 1).astype("datetime64[D]")).tolist()

    def __getitem__(self, day: Any) -> str:
        return self.names[day - self.first]

    def moment(self, day: Any, second: int, zone: str | None = None) -> str:
        """Return an instant as PostgreSQL reads it, in the lender's zone unless another is named."""
        clock = f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
        return f"{self[day]} {clock} {zone or settings.TIME_ZONE}"


def _money(cents: Any) -> str:
    cents = int(cents)
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"
