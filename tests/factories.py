"""Makers of rows for tests: plain, explicit, with the two clocks of every entry set as a real day would set them.

Days may be dates; a `booked` argument takes a date (noon of that day, in the lender's zone) or an aware datetime, and by default
an entry is booked on the day it counts from.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.utils import timezone

from borrowers.models import (
    BalanceSnapshot,
    Borrower,
    Charge,
    ContactEvent,
    Instalment,
    Loan,
    LoanEvent,
    Payment,
    Product,
    Promise,
    ScheduleVersion,
    Statement,
)
from creditpath.accounts.models import Role, Team, User

PASSWORD = "correct horse battery staple"
Money = Decimal | int | str

_numbers = count(1)


def at(day: date, hour: int = 12, minute: int = 0) -> datetime:
    """Return an instant of a day in the lender's zone."""
    return timezone.make_aware(datetime.combine(day, time(hour, minute)))


def booked_at(booked: date | datetime | None, *, day: date) -> datetime:
    """Return when an entry was known: as said, else at noon of its own day."""
    if isinstance(booked, datetime):
        return booked
    return at(booked or day)


def make_team(name: str | None = None) -> Team:
    return Team.objects.create(name=name or f"Team {next(_numbers)}")


def make_user(role: Role | str = Role.AGENT, *, team: Team | None = None, username: str | None = None) -> User:
    """Create a person who can log in with PASSWORD."""
    return User.objects.create_user(
        username=username or f"{Role(role).value}-{next(_numbers)}", password=PASSWORD, role=role, team=team
    )


def make_product(*, tolerance: Money = 0, code: str | None = None) -> Product:
    code = code or ("personal" if not Decimal(tolerance) else f"tolerance-{Decimal(tolerance)}")
    return Product.objects.get_or_create(
        code=code, defaults={"name": code.replace("-", " ").capitalize(), "tolerance_amount": Decimal(tolerance)}
    )[0]


def make_borrower(**fields: Any) -> Borrower:
    number = next(_numbers)
    fields.setdefault("external_id", f"B{number}")
    fields.setdefault("full_name", f"Borrower {number}")
    fields.setdefault("time_zone", "America/New_York")
    fields.setdefault("jurisdiction", "US-NY")
    return Borrower.objects.create(**fields)


def make_loan(
    *,
    borrower: Borrower | None = None,
    principal: Money | None = None,
    instalments: Sequence[tuple[Any, ...]] = (),
    payments: Iterable[tuple[Any, ...]] = (),
    product: Product | None = None,
    tolerance: Money = 0,
    approved_on: date | None = None,
    booked: date | datetime | None = None,
    written_off_on: date | None = None,
    **fields: Any,
) -> Loan:
    """Create a loan with its first schedule and its payments.

    instalments: (due_on, principal[, interest[, fee]]); payments: (day, amount[, booked]). The loan is approved a month before
    its first instalment unless said otherwise, and is the sum of its instalments' principal.
    """
    if approved_on is None:
        approved_on = instalments[0][0] - timedelta(days=30) if instalments else date(2026, 1, 2)
    if principal is None:
        principal = sum((Decimal(line[1]) for line in instalments), Decimal()) or Decimal(1000)
    loan = Loan.objects.create(
        borrower=borrower or make_borrower(),
        product=product or make_product(tolerance=tolerance),
        external_id=fields.pop("external_id", f"L{next(_numbers)}"),
        currency=fields.pop("currency", "USD"),
        principal_amount=Decimal(principal),
        approved_on=approved_on,
        booked_at=booked_at(booked, day=approved_on),
        **fields,
    )
    if instalments:
        make_schedule(loan, instalments, effective_on=approved_on, booked=booked)
    for day, amount, *late in payments:
        make_payment(loan, day, amount, booked=late[0] if late else None)
    if written_off_on is not None:
        make_event(loan, written_off_on, "written_off")
    return loan


def make_schedule(
    loan: Loan,
    instalments: Sequence[tuple[Any, ...]],
    *,
    effective_on: date,
    version: int = 1,
    reason: str = "",
    booked: date | datetime | None = None,
    is_distressed: bool = False,
) -> ScheduleVersion:
    """Create one version of a loan's schedule; a version restates the whole plan."""
    schedule = ScheduleVersion.objects.create(
        loan=loan,
        version=version,
        reason=reason or ("original" if version == 1 else "restructure"),
        is_distressed=is_distressed,
        effective_on=effective_on,
        booked_at=booked_at(booked, day=effective_on),
    )
    Instalment.objects.bulk_create(
        Instalment(
            loan=loan,
            schedule=schedule,
            number=number,
            due_on=due_on,
            principal_amount=Decimal(principal),
            interest_amount=Decimal(rest[0]) if rest else Decimal(),
            fee_amount=Decimal(rest[1]) if len(rest) > 1 else Decimal(),
        )
        for number, (due_on, principal, *rest) in enumerate(instalments, start=1)
    )
    return schedule


def make_payment(
    loan: Loan, day: date, amount: Money, *, booked: date | datetime | None = None, **fields: Any
) -> Payment:
    return Payment.objects.create(
        loan=loan, effective_on=day, amount=Decimal(amount), booked_at=booked_at(booked, day=day), **fields
    )


def make_reversal(payment: Payment, day: date | None = None, *, booked: date | datetime | None = None) -> Payment:
    """Take a payment back with a new entry, by default on its own day."""
    day = day or payment.effective_on
    moment = booked_at(booked, day=day)
    return Payment.objects.create(
        loan=payment.loan,
        reverses=payment,
        effective_on=day,
        amount=-payment.amount,
        channel=payment.channel,
        booked_at=max(moment, payment.booked_at),
    )


def make_event(
    loan: Loan, day: date, kind: str, *, booked: date | datetime | None = None, revokes: LoanEvent | None = None
) -> LoanEvent:
    """Tell what happened to a loan; sales and placements name the other side."""
    counterparty = "Alder Recovery" if kind in {"sold", "placed"} else ""
    return LoanEvent.objects.create(
        loan=loan,
        kind=kind,
        counterparty=counterparty,
        revokes=revokes,
        effective_on=day,
        booked_at=booked_at(booked, day=day),
    )


def make_charge(loan: Loan, day: date, amount: Money, *, booked: date | datetime | None = None) -> Charge:
    return Charge.objects.create(
        loan=loan,
        kind=Charge.Kind.LATE_FEE,
        amount=Decimal(amount),
        effective_on=day,
        booked_at=booked_at(booked, day=day),
    )


def make_waiver(charge: Charge, day: date | None = None, *, booked: date | datetime | None = None) -> Charge:
    """Take a charge back with a new entry, by default on its own day."""
    day = day or charge.effective_on
    return Charge.objects.create(
        loan=charge.loan,
        kind=charge.kind,
        amount=-charge.amount,
        waives=charge,
        effective_on=day,
        booked_at=max(booked_at(booked, day=day), charge.booked_at),
    )


def make_statement(
    loan: Loan,
    stated_on: date,
    due_on: date,
    parts: tuple[Money, ...],
    *,
    balance: Money,
    booked: date | datetime | None = None,
) -> Statement:
    """State a revolving account; parts: principal[, interest[, fee]] newly due."""
    principal, interest, fee = (*parts, 0, 0)[:3]
    return Statement.objects.create(
        loan=loan,
        stated_on=stated_on,
        due_on=due_on,
        principal_amount=Decimal(principal),
        interest_amount=Decimal(interest),
        fee_amount=Decimal(fee),
        balance_amount=Decimal(balance),
        booked_at=booked_at(booked, day=stated_on),
    )


def make_snapshot(
    loan: Loan, day: date, days_past_due: int | None, *, booked: date | datetime | None = None, **amounts: Money | None
) -> BalanceSnapshot:
    return BalanceSnapshot.objects.create(
        loan=loan, as_of=day, days_past_due=days_past_due, booked_at=booked_at(booked, day=day), **amounts
    )


def make_contact(
    borrower: Borrower,
    day: date,
    *,
    channel: str = "call",
    outcome: str = "no_answer",
    agent: User | None = None,
    loan: Loan | None = None,
    booked: date | datetime | None = None,
    **fields: Any,
) -> ContactEvent:
    fields.setdefault("reached_borrower", outcome in {"promise", "refused", "hardship", "dispute", "call_back", "paid"})
    fields.setdefault("happened_at", at(day))
    return ContactEvent.objects.create(
        borrower=borrower,
        loan=loan,
        agent=agent,
        channel=channel,
        outcome=outcome,
        effective_on=day,
        booked_at=booked_at(booked, day=day),
        **fields,
    )


def make_promise(
    loan: Loan,
    *,
    made_on: date,
    due_on: date,
    amount: Money,
    booked: date | datetime | None = None,
    contact_event: ContactEvent | None = None,
) -> Promise:
    return Promise.objects.create(
        loan=loan,
        made_on=made_on,
        due_on=due_on,
        amount=Decimal(amount),
        contact_event=contact_event,
        booked_at=booked_at(booked, day=made_on),
    )
