"""A simulated block as columns of the tables of the books; pure, but for the ids it is told."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.conf import settings
from django.db.models import Model
from numpy.typing import NDArray

from borrowers.models import (
    Borrower,
    ContactEvent,
    ContactPoint,
    Instalment,
    Loan,
    Payment,
    Promise,
    ScheduleVersion,
)
from borrowers.simulation.behaviour import REACHED
from borrowers.simulation.blocks import Block
from borrowers.simulation.lending import Calendar
from borrowers.simulation.moments import instants
from borrowers.simulation.names import FIRST_NAMES, LAST_NAMES, OCCUPATIONS, PLACES, PURPOSES
from borrowers.simulation.parameters import Parameters
from borrowers.simulation.restating import restate

Ints = NDArray[np.int64]
Text = NDArray[np.bytes_]

# The tables that are written, in an order in which every row refers to earlier ones.
TABLES: tuple[type[Model], ...] = (
    Borrower, ContactPoint, Loan, ScheduleVersion, Instalment, Payment, ContactEvent, Promise,
)  # fmt: skip
PAYMENT_CHANNELS = np.array([b"transfer", b"direct_debit", b"card", b"cash"])
CONTACT_CHANNELS = np.array([b"call", b"sms", b"email", b"inbound"])
OUTCOMES = np.array([
    b"no_answer", b"left_message", b"wrong_person", b"wrong_number", b"promise", b"refused", b"hardship", b"dispute",
    b"call_back", b"paid", b"sent",
])  # fmt: skip
BUSINESS_OPENS, BOOKED_UNTIL_TODAY, BUSINESS_CLOSES = 8 * 3600, 10 * 3600 + 1800, 18 * 3600
ZONES = sorted({zone for _, zone, _, _ in PLACES})
ZONE_OF_PLACE = np.array([ZONES.index(zone) for _, zone, _, _ in PLACES])


@dataclass(frozen=True)
class Staff:
    """Who services: team ids, and the agents of each."""

    team_ids: tuple[int, ...]
    agent_ids: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Rows:
    """Columns of one table."""

    model: type[Model]
    columns: Mapping[str, Any]
    n: int
    kinds: Mapping[str, int] = field(default_factory=dict)


class Tables:
    """Turns a block into rows. `first_ids` are the next free ids of each table."""

    def __init__(
        self, block: Block, *, first_ids: Mapping[type[Model], int], products: list[int], staff: Staff,
        calendar: Calendar, parameters: Parameters,
    ) -> None:  # fmt: skip
        self.people, self.loans, self.history, self.rng = block.people, block.loans, block.history, block.rng
        self.plan, self.first_ids, self.products, self.staff = block.plan, first_ids, products, staff
        self.calendar, self.parameters = calendar, parameters
        self.approved_at = self._lender_time(self.loans.approved_day, self.loans.approved_minute * 60)

    def rows(self) -> Iterator[Rows]:
        """Return all tables' rows in the order of TABLES."""
        yield self._borrowers()
        yield self._contact_points()
        yield self._loans()
        yield from self._schedules()
        yield self._payments()
        yield from self._contacts()

    def _borrowers(self) -> Rows:
        people = self.people
        n = len(people)
        number = self.plan.first_borrower + np.arange(n) + 1
        household = np.where(people.household >= 0, _numbered(b"H-", number[people.household]), b"")
        income = people.monthly_income.astype(np.int64).astype("S")
        attributes = _joined(
            b'{"monthly_income": ', income, b', "occupation": "', _words(OCCUPATIONS)[people.occupation], b'"}'
        )
        return Rows(
            Borrower,
            {
                "id": self._ids(Borrower, n),
                "external_id": _numbered(b"B-", number),
                "full_name": _joined(
                    _words(FIRST_NAMES)[people.first_name], b" ", _words(LAST_NAMES)[people.last_name]
                ),
                "birth_date": people.birth_day,
                "language": np.where(people.speaks_spanish, b"es", b"en"),
                "time_zone": _words([zone for _, zone, _, _ in PLACES])[people.place],
                "jurisdiction": _words([place for place, *_ in PLACES])[people.place],
                "household": household,
                "team": np.array(self.staff.team_ids)[people.team],
                "attributes": attributes,
                "is_simulated": True,
                "created_at": self._lender_time(self._first_loan_day(), np.full(n, BUSINESS_OPENS)),
            },
            n,
        )

    def _first_loan_day(self) -> Ints:
        first = np.full(len(self.people), self.calendar.as_of)
        np.minimum.at(first, self.loans.borrower, self.loans.approved_day)
        return first

    def _contact_points(self) -> Rows:
        """Return a telephone number and an e-mail address of each."""
        people = self.people
        n = len(people)
        number = (self.plan.first_borrower + np.arange(n) + 1).astype("S")
        line = np.strings.zfill(people.phone_line.astype("S2"), 2)
        phone = _joined(b"+1 ", people.area_code, b" 555 01", line)
        first, last = (np.strings.lower(_words(names)) for names in (FIRST_NAMES, LAST_NAMES))
        email = _joined(first[people.first_name], b".", last[people.last_name], b".", number, b"@example.com")
        is_phone = np.arange(2 * n) % 2 == 0
        return Rows(
            ContactPoint,
            {
                "id": self._ids(ContactPoint, 2 * n),
                "borrower": np.repeat(self._ids(Borrower, n), 2),
                "kind": np.where(is_phone, b"phone", b"email"),
                "value": np.stack([phone.astype(email.dtype), email], axis=1).reshape(-1),
                "is_preferred": is_phone,
                "verified_on": np.ma.array(np.repeat(self._first_loan_day(), 2), mask=~is_phone),
            },
            2 * n,
        )

    def _loans(self) -> Rows:
        loans, terms = self.loans, self.parameters.products
        n = len(loans)
        last_due = self.calendar.day_of(loans.first_due_month + loans.term - 1, loans.due_day_of_month)
        n_purposes = np.array([len(PURPOSES[product.code]) for product in terms])
        purposes = _words([purpose for product in terms for purpose in PURPOSES[product.code]])
        pick = np.floor(loans.purpose * n_purposes[loans.product]).astype(np.int64)
        purpose = purposes[(np.cumsum(n_purposes) - n_purposes)[loans.product] + pick]
        gone = self.history.written_off_day
        return Rows(
            Loan,
            {
                "id": self._ids(Loan, n),
                "external_id": _numbered(b"L-", self.plan.first_loan + np.arange(n) + 1),
                "borrower": self._id(Borrower, loans.borrower),
                "product": np.array(self.products)[loans.product],
                "currency": b"USD",
                "principal_amount": loans.principal,
                "annual_interest_ratio": np.array([round(p.annual_interest_ratio * 1e6) for p in terms])[loans.product],
                "term_days": last_due - loans.approved_day,
                "approved_on": loans.approved_day,
                "approved_at": self.approved_at,
                "written_off_on": np.ma.array(gone, mask=gone < 0),
                "attributes": _joined(b'{"purpose": "', purpose, b'", "term_months": ', loans.term.astype("S2"), b"}"),
                "booked_at": self.approved_at,
            },
            n,
            {"written_off": int((gone >= 0).sum())},
        )

    def _schedules(self) -> Iterator[Rows]:
        """Return the first plans and the new ones, and the instalments of both."""
        loans, calendar = self.loans, self.calendar
        order = np.lexsort((self.history.plans[0], self.history.plans[1]))
        plans = tuple(column[order] for column in self.history.plans)
        n, n_plans = len(loans), len(order)
        loan = np.concatenate([np.arange(n), plans[0]])
        is_new = np.arange(n + n_plans) >= n
        agreed_at = self._lender_time(plans[1], np.full(n_plans, BUSINESS_CLOSES))
        yield Rows(
            ScheduleVersion,
            {
                "id": self._ids(ScheduleVersion, n + n_plans),
                "loan": self._id(Loan, loan),
                "version": np.where(is_new, 2, 1),
                "reason": np.where(is_new, b"restructure", b"original"),
                "effective_on": np.concatenate([loans.approved_day, plans[1]]),
                "booked_at": np.concatenate([self.approved_at, agreed_at]),
            },
            n + n_plans,
            {"restructured": n_plans},
        )
        first, (second, due) = loans.lines, restate(loans, plans, calendar)
        columns = {
            name: np.concatenate([getattr(first, name), getattr(second, name)])
            for name in ("number", "principal", "interest", "fee")
        }
        first_due = calendar.day_of(
            loans.first_due_month[first.loan] + first.number - 1, loans.due_day_of_month[first.loan]
        )
        yield Rows(
            Instalment,
            {
                "id": self._ids(Instalment, len(columns["number"])),
                "loan": self._id(Loan, np.concatenate([first.loan, plans[0][second.loan]])),
                "schedule": self._id(ScheduleVersion, np.concatenate([first.loan, n + second.loan])),
                "number": columns["number"],
                "due_on": np.concatenate([first_due, due]),
                "principal_amount": columns["principal"],
                "interest_amount": columns["interest"],
                "fee_amount": columns["fee"],
            },
            len(columns["number"]),
        )

    def _payments(self) -> Rows:
        """Return what is known by the business date, in the order in which it was booked."""
        loan, day, amount, channel, booked, reverses = self.history.payments
        booked = np.where(reverses >= 0, np.maximum(booked, booked[reverses] + 1), booked)
        today = booked == self.calendar.as_of
        closes = np.where(today, BOOKED_UNTIL_TODAY, BUSINESS_CLOSES)  # of the business date there was only the morning
        second = BUSINESS_OPENS + np.floor(self.rng.random(len(day)) * (closes - BUSINESS_OPENS)).astype(np.int64)
        known = np.flatnonzero((booked <= self.calendar.as_of) & (day <= self.calendar.as_of))
        e = known[np.lexsort((known, second[known], booked[known]))]
        ids = np.zeros(len(day), np.int64)
        ids[e] = self._ids(Payment, len(e))
        return Rows(
            Payment,
            {
                "id": ids[e],
                "loan": self._id(Loan, loan[e]),
                "amount": amount[e],
                "effective_on": day[e],
                "booked_at": self._lender_time(booked[e], second[e]),
                "channel": PAYMENT_CHANNELS[channel[e]],
                "reverses": np.ma.array(ids[reverses[e]], mask=reverses[e] < 0),
            },
            len(e),
            {"reversals": int((reverses[e] >= 0).sum())},
        )

    def _contacts(self) -> Iterator[Rows]:
        """Return contacts in the order in which they happened, each in the borrower's zone, and the promises made in them."""
        loan, day, channel, outcome = self.history.contacts
        n = len(loan)
        second = self.rng.integers(9 * 3600, 19 * 3600, n)
        order = np.lexsort((np.arange(n), second, day))
        ids = np.zeros(n, np.int64)
        ids[order] = self._ids(ContactEvent, n)
        borrower = self.loans.borrower[loan]
        zone = ZONE_OF_PLACE[self.people.place[borrower]]
        happened_at = instants(day, second, zone, zones=ZONES)
        yield Rows(
            ContactEvent,
            {
                "id": ids[order],
                "borrower": self._id(Borrower, borrower[order]),
                "loan": self._id(Loan, loan[order]),
                "agent": self._agents(self.people.team[borrower[order]]),
                "channel": CONTACT_CHANNELS[channel[order]],
                "outcome": OUTCOMES[outcome[order]],
                "reached_borrower": np.isin(outcome[order], REACHED),
                "note": b"",
                "effective_on": day[order],
                "happened_at": happened_at[order],
                "booked_at": happened_at[order],
            },
            n,
        )
        contact, due, amount = self.history.promises
        p = np.argsort(ids[contact])
        contact, due, amount = contact[p], due[p], amount[p]
        yield Rows(
            Promise,
            {
                "id": self._ids(Promise, len(contact)),
                "loan": self._id(Loan, loan[contact]),
                "contact_event": ids[contact],
                "amount": amount,
                "made_on": day[contact],
                "due_on": due,
                "booked_at": happened_at[contact],
            },
            len(contact),
        )

    def _agents(self, team: Ints) -> Any:
        """Return an agent of each team in turn, NULL where it has none."""
        n_agents = np.array([len(ids) for ids in self.staff.agent_ids])
        first = np.cumsum(n_agents) - n_agents
        agents = np.array([agent for ids in self.staff.agent_ids for agent in ids] + [0])
        turn = np.arange(len(team)) % np.maximum(n_agents, 1)[team]
        return np.ma.array(agents[np.minimum(first[team] + turn, len(agents) - 1)], mask=n_agents[team] == 0)

    def _lender_time(self, day: Ints, second: Ints) -> Ints:
        return instants(day, second, np.zeros(len(day), np.int64), zones=[settings.TIME_ZONE])

    def _ids(self, model: type[Model], n: int) -> Ints:
        return self.first_ids[model] + np.arange(n)

    def _id(self, model: type[Model], index: Ints) -> Ints:
        return self.first_ids[model] + index


def _words(words: Any) -> Text:
    return np.array([word.encode() for word in words])


def _numbered(prefix: bytes, number: Ints) -> Text:
    return _joined(prefix, np.strings.zfill(number.astype("S7"), 7))


def _joined(*parts: Any) -> Text:
    text = parts[0]
    for part in parts[1:]:
        text = np.strings.add(text, part)
    return text
