"""Rows of loans: their terms, who else answers for them, what secures them, their plans and what becomes of them."""

from collections.abc import Iterator

import numpy as np

from borrowers.models import Borrower, Collateral, Instalment, Loan, LoanEvent, LoanParty, ScheduleVersion
from borrowers.simulation.names import AGENCIES, BUYERS, PURPOSES
from borrowers.simulation.parties import AUTHORISED
from borrowers.simulation.restating import restate
from borrowers.simulation.rows.frame import BUSINESS_CLOSES, Frame, Rows, joined, numbered, words
from borrowers.simulation.standing import PLACED, RECALLED, SOLD, WRITTEN_OFF

EVENT_KINDS = np.array([b"written_off", b"sold", b"placed", b"recalled", b"bankruptcy"])
PARTY_ROLES = np.array([b"co_borrower", b"guarantor", b"authorised"])


def rows_of_loans(frame: Frame) -> Iterator[Rows]:
    yield _loans(frame)
    yield _parties(frame)
    yield _collateral(frame)
    yield from _schedules(frame)
    yield _events(frame)


def _loans(frame: Frame) -> Rows:
    loans, terms, approved_at = frame.block.loans, frame.parameters.products, frame.approved_at()
    n = len(loans)
    last_due = frame.calendar.day_of(loans.first_due_month + loans.term - 1, loans.due_day_of_month)
    n_purposes = np.array([len(PURPOSES[product.code]) for product in terms])
    purposes = words([purpose for product in terms for purpose in PURPOSES[product.code]])
    pick = np.floor(loans.purpose * n_purposes[loans.product]).astype(np.int64)
    purpose = purposes[(np.cumsum(n_purposes) - n_purposes)[loans.product] + pick]
    return Rows(
        Loan,
        {
            "id": frame.ids(Loan, n),
            "external_id": numbered(b"L-", frame.block.plan.first_loan + np.arange(n) + 1),
            "borrower": frame.id_of(Borrower, loans.borrower),
            "product": np.array(frame.products)[loans.product],
            "currency": b"USD",
            "principal_amount": loans.principal,
            "annual_interest_ratio": np.array([round(p.annual_interest_ratio * 1e6) for p in terms])[loans.product],
            "term_days": last_due - loans.approved_day,
            "approved_on": loans.approved_day,
            "approved_at": approved_at,
            "attributes": joined(b'{"purpose": "', purpose, b'", "term_months": ', loans.term.astype("S2"), b"}"),
            "booked_at": approved_at,
        },
        n,
    )


def _parties(frame: Frame) -> Rows:
    loan, person, role = frame.block.history.parties
    return Rows(
        LoanParty,
        {
            "id": frame.ids(LoanParty, len(loan)),
            "loan": frame.id_of(Loan, loan),
            "person": frame.id_of(Borrower, person),
            "role": PARTY_ROLES[role],
            "authority": np.where(role == AUTHORISED, b"power of attorney", b""),
            "since": frame.block.loans.approved_day[loan],
        },
        len(loan),
    )


def _collateral(frame: Frame) -> Rows:
    """Return the devices that device loans paid for, at their price."""
    loans = frame.block.loans
    is_secured = np.array([product.collateral != "" for product in frame.parameters.products])
    loan = np.flatnonzero(is_secured[loans.product])
    return Rows(
        Collateral,
        {
            "id": frame.ids(Collateral, len(loan)),
            "loan": frame.id_of(Loan, loan),
            "reference": numbered(b"C-", frame.block.plan.first_loan + loan + 1),
            "kind": words([product.collateral for product in frame.parameters.products])[loans.product[loan]],
            "value_amount": loans.principal[loan],
            "valued_on": loans.approved_day[loan],
            "booked_at": frame.approved_at()[loan],
        },
        len(loan),
    )


def _schedules(frame: Frame) -> Iterator[Rows]:
    """Return the first plans and the new ones, and the instalments of both."""
    loans, calendar = frame.block.loans, frame.calendar
    new = frame.block.history.plans
    order = np.lexsort((new[0], new[1]))
    plans = tuple(column[order] for column in new)
    n, n_plans = len(loans), len(order)
    is_new = np.arange(n + n_plans) >= n
    yield Rows(
        ScheduleVersion,
        {
            "id": frame.ids(ScheduleVersion, n + n_plans),
            "loan": frame.id_of(Loan, np.concatenate([np.arange(n), plans[0]])),
            "version": np.where(is_new, 2, 1),
            "reason": np.where(is_new, b"restructure", b"original"),
            "is_distressed": is_new,
            "effective_on": np.concatenate([loans.approved_day, plans[1]]),
            "booked_at": np.concatenate([frame.approved_at(), frame.lender_time(plans[1], BUSINESS_CLOSES)]),
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
    n_lines = len(columns["number"])
    yield Rows(
        Instalment,
        {
            "id": frame.ids(Instalment, n_lines),
            "loan": frame.id_of(Loan, np.concatenate([first.loan, plans[0][second.loan]])),
            "schedule": frame.id_of(ScheduleVersion, np.concatenate([first.loan, n + second.loan])),
            "number": columns["number"],
            "due_on": np.concatenate([first_due, due]),
            "principal_amount": columns["principal"],
            "interest_amount": columns["interest"],
            "fee_amount": columns["fee"],
        },
        n_lines,
    )


def _events(frame: Frame) -> Rows:
    """Return write-offs, sales, placements, recalls and bankruptcies up to the business date, oldest first."""
    loan, kind, day, amount, other = frame.block.history.events
    e = np.flatnonzero(day < frame.calendar.as_of)
    e = e[np.lexsort((kind[e], day[e]))]
    loan, kind, day, amount, other = loan[e], kind[e], day[e], amount[e], other[e]
    agency, buyer = words(AGENCIES)[other % len(AGENCIES)], words(BUYERS)[other % len(BUYERS)]
    return Rows(
        LoanEvent,
        {
            "id": frame.ids(LoanEvent, len(e)),
            "loan": frame.id_of(Loan, loan),
            "kind": EVENT_KINDS[kind],
            "amount": np.ma.array(amount, mask=amount < 0),
            "counterparty": np.where(
                kind == SOLD, buyer, np.where((kind == PLACED) | (kind == RECALLED), agency, b"")
            ),
            "effective_on": day,
            "booked_at": frame.lender_time(day, BUSINESS_CLOSES),
        },
        len(e),
        {"written_off": int((kind == WRITTEN_OFF).sum()), "sold": int((kind == SOLD).sum()),
         "placed": int((kind == PLACED).sum())},
    )  # fmt: skip
