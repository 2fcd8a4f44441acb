"""Random small books for measures, and the same books as pandas tables. Nothing here knows the SQL of the product."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from borrowers.clock import end_of_day
from borrowers.models import (
    ContactCost,
    ContactEvent,
    Instalment,
    Loan,
    LoanEvent,
    MonthEndSnapshot,
    Payment,
    ScheduleVersion,
)
from borrowers.services import set_business_date
from tests.factories import at, make_borrower, make_loan, make_product, make_schedule, make_team

DAY = date(2026, 6, 30)
ENDS = [stamp.date() for stamp in pd.date_range("2025-03-31", "2026-06-30", freq="ME")]
NEW_TERMS = ("deferral", "re_age", "restructure")
GONE = ("paid_off", "written_off", "sold", "closed")
DAYS_LATE = np.array([0, 0, 0, 5, 28, 31, 58, 61, 88, 91, 140])


def house_bucket(days: int) -> str:
    return (
        "current"
        if days == 0
        else "1-30"
        if days <= 30
        else "31-60"
        if days <= 60
        else "61-90"
        if days <= 90
        else "91+"
    )


def make_random_books(seed: int, *, n_loans: int = 75, has_amounts: bool = True) -> list[Loan]:
    """Make loans of two currencies, products and teams that wander between buckets and end in every way there is."""
    rng = np.random.default_rng(seed)
    set_business_date(day=DAY, is_frozen=True)
    teams, products = [make_team(), make_team()], [make_product(code="personal"), make_product(code="device")]
    borrowers = [make_borrower(team=teams[n % 2], attributes={"branch": "BC"[n % 2]}) for n in range(n_loans // 2)]
    loans = []
    for n in range(n_loans):
        approved_on = date(2024, 12, 1) + timedelta(days=int(rng.integers(0, 560)))
        dues = [(approved_on + timedelta(days=30 * k), 100, 5) for k in range(1, 25)]
        in_snapshots = n % 9 == 0
        loan = make_loan(
            borrower=borrowers[int(rng.integers(0, len(borrowers)))],
            product=products[n % 2],
            currency="NGN" if n % 3 == 0 else "USD",
            instalments=[] if in_snapshots else dues,
            approved_on=approved_on,
            bookkeeping="snapshots" if in_snapshots else "ledger",
            annual_interest_ratio=None if n % 11 == 0 else Decimal("0.24"),
            attributes={"branch": "A"} if n % 5 == 0 else {},
        )
        loans.append(loan)
        months = list(_wander(rng, loan))
        for month in months if not has_amounts else []:
            month.overdue_amount = month.overdue_principal_amount = None
            month.outstanding_principal_amount = month.outstanding_amount = None
        MonthEndSnapshot.objects.bulk_create(months)
        if not in_snapshots:
            _add_new_terms(rng, loan, dues)
            _add_payments(rng, loan)
        _add_contacts(rng, loan)
        _add_events(rng, loan)
    for channel in ContactEvent.Channel.values:
        ContactCost.objects.create(channel=channel, currency="USD", cost_amount=Decimal("1.5"), since=date(2024, 1, 1))
        ContactCost.objects.create(
            channel=channel, currency="USD", cost_amount=Decimal("2.25"), since=date(2026, 1, 10)
        )
    ContactCost.objects.create(channel="call", currency="NGN", cost_amount=Decimal(90), since=date(2024, 1, 1))
    return loans


def snapshot_of(loan: Loan, day: date, days: int, *, bucket: str = "", **amounts: Any) -> MonthEndSnapshot:
    """Return a month end of a loan, not yet saved; amounts are zero unless said otherwise."""
    names = ("overdue_amount", "overdue_principal_amount", "outstanding_principal_amount", "outstanding_amount")
    return MonthEndSnapshot(
        loan=loan,
        as_of=day,
        known_at=end_of_day(day),
        days_past_due=days,
        bucket=bucket or house_bucket(days),
        instalments_past_due=0,
        paid_amount=0,
        **{name: amounts.get(name, 0) for name in names},
    )


def _wander(rng: np.random.Generator, loan: Loan) -> Iterator[MonthEndSnapshot]:
    days, end = 0, ""
    for day in (day for day in ENDS if day >= loan.approved_on):
        if loan.bookkeeping == "snapshots" and rng.random() < 0.05:
            return  # the lender's file no longer has it
        if not end:
            if rng.random() < 0.4:
                days = int(rng.choice(DAYS_LATE))
            chance = rng.random()
            end = (
                "paid_off" if chance < 0.03
                else "written_off" if chance < 0.03 + 0.2 * (days > 90)
                else "sold" if chance > 0.995
                else ""
            )  # fmt: skip
        owed = 0 if end == "paid_off" else int(rng.integers(100, 2000))
        overdue = 0 if end == "paid_off" or not days else int(rng.integers(1, owed))
        yield snapshot_of(
            loan,
            day,
            0 if end == "paid_off" else days,
            bucket=end,
            overdue_amount=overdue,
            overdue_principal_amount=overdue * 0.75,
            outstanding_principal_amount=owed,
            outstanding_amount=owed * 1.25,
        )


def _add_new_terms(rng: np.random.Generator, loan: Loan, dues: list[tuple[Any, ...]]) -> None:
    if rng.random() < 0.35:
        day = max(loan.approved_on, date(2025, 4, 1) + timedelta(days=int(rng.integers(0, 420))))
        reason = str(rng.choice(["deferral", "re_age", "restructure", "correction"]))
        is_distressed = reason != "correction" and rng.random() < 0.6
        make_schedule(loan, dues, effective_on=day, version=2, reason=reason, is_distressed=is_distressed)


def _add_payments(rng: np.random.Generator, loan: Loan) -> None:
    for _ in range(int(rng.integers(0, 14))):
        day = loan.approved_on + timedelta(days=int(rng.integers(0, 560)))
        if day <= DAY:
            late = timedelta(days=int(rng.choice([0, 0, 5, 40])))
            payment = Payment.objects.create(
                loan=loan,
                amount=int(rng.integers(5, 300)),
                effective_on=day,
                booked_at=at(day + late),
                status="cleared" if rng.random() < 0.8 else "pending",
            )
            if payment.status == "cleared" and rng.random() < 0.15:
                back = min(day + timedelta(days=4), DAY)
                Payment.objects.create(
                    loan=loan, amount=-payment.amount, effective_on=back, booked_at=at(back + late), reverses=payment
                )


def _add_contacts(rng: np.random.Generator, loan: Loan) -> None:
    for _ in range(int(rng.integers(0, 6))):
        day = date(2025, 3, 1) + timedelta(days=int(rng.integers(0, 480)))
        event = ContactEvent.objects.create(
            borrower=loan.borrower,
            loan=loan if rng.random() < 0.5 else None,
            channel=str(rng.choice(["call", "call", "sms", "inbound", "letter"])),
            outcome="no_answer",
            reached_borrower=False,
            effective_on=day,
            happened_at=at(day),
            booked_at=at(day + timedelta(days=int(rng.choice([0, 0, 45])))),
            talk_minutes=None if rng.random() < 0.02 else int(rng.integers(0, 9)),
            wrap_up_minutes=None if rng.random() < 0.3 else 2,
        )
        if rng.random() < 0.1:
            ContactEvent.objects.create(
                borrower=loan.borrower, loan=event.loan, channel="call", outcome="refused", reached_borrower=True,
                effective_on=day, happened_at=at(day), booked_at=event.booked_at, corrects=event,
            )  # fmt: skip


def _add_events(rng: np.random.Generator, loan: Loan) -> None:
    if rng.random() < 0.3:
        day = max(loan.approved_on, date(2025, 6, 1) + timedelta(days=int(rng.integers(0, 390))))
        kind = str(rng.choice(["sold", "closed"]))
        event = LoanEvent.objects.create(
            loan=loan, kind=kind, effective_on=day, booked_at=at(day), counterparty="Buyer" if kind == "sold" else "",
            amount=int(rng.integers(10, 500)) if kind == "sold" and rng.random() < 0.7 else None,
        )  # fmt: skip
        if rng.random() < 0.3:
            LoanEvent.objects.create(loan=loan, kind="revoked", effective_on=day, booked_at=at(day), revokes=event)


@dataclass
class Tables:
    """The books as pandas tables, money as floats, entries only as far as they were known."""

    day: date
    snapshots: pd.DataFrame
    loans: pd.DataFrame
    payments: pd.DataFrame
    contacts: pd.DataFrame
    costs: pd.DataFrame
    terms: pd.DataFrame
    instalments: pd.DataFrame
    events: pd.DataFrame

    @cached_property
    def _by_loan(self) -> dict[int, pd.DataFrame]:
        return {loan: rows.set_index("as_of") for loan, rows in self.snapshots.groupby("loan_id")}

    @cached_property
    def contacts_of(self) -> dict[int, list[Any]]:
        """Return the contacts of each borrower, corrected ones left out."""
        found: dict[int, list[Any]] = defaultdict(list)
        for event in self.contacts.itertuples():
            found[event.borrower_id].append(event)
        return found

    def history(self, loan: int) -> pd.DataFrame:
        return self._by_loan.get(loan, self.snapshots[:0].set_index("as_of"))


def read_tables(day: date, known: Any) -> Tables:
    """Read the books as they were known; snapshots up to a day."""

    def table(rows: Any, **columns: str) -> pd.DataFrame:
        frame = pd.DataFrame(list(rows.values(*columns)))
        frame = frame if len(frame) else pd.DataFrame(columns=list(columns))
        for name, kind in columns.items():
            if kind == "money":
                frame[name] = frame[name].astype(float)
        return frame

    def known_of(rows: Any) -> Any:
        return rows.filter(booked_at__lte=known, effective_on__lte=day)

    snapshots = table(
        MonthEndSnapshot.objects.filter(as_of__lte=day), loan_id="", as_of="", days_past_due="", bucket="",
        overdue_amount="money", overdue_principal_amount="money", outstanding_principal_amount="money",
        outstanding_amount="money", loan__currency="",
    ).rename(columns={"loan__currency": "currency"})  # fmt: skip
    return Tables(
        day=day,
        snapshots=snapshots,
        loans=table(
            Loan.objects.filter(approved_on__lte=day, booked_at__lte=known), id="", currency="", approved_on="",
            borrower_id="", bookkeeping="", annual_interest_ratio="money",
        ),
        payments=table(known_of(Payment.objects.filter(status="cleared")), loan_id="", amount="money", effective_on=""),
        contacts=table(
            known_of(ContactEvent.objects.filter(corrected_by=None)),
            id="", borrower_id="", loan_id="", channel="", effective_on="", talk_minutes="money", wrap_up_minutes="money",
        ),
        costs=table(ContactCost.objects.all(), channel="", currency="", cost_amount="money", minute_amount="money", since=""),
        terms=table(
            known_of(ScheduleVersion.objects.all()), id="", loan_id="", version="", reason="", is_distressed="", effective_on=""
        ),
        instalments=table(Instalment.objects.all(), schedule_id="", due_on=""),
        events=table(
            known_of(LoanEvent.objects.filter(revoked_by=None).exclude(kind="revoked")),
            id="", loan_id="", kind="", amount="money", effective_on="",
        ),
    )  # fmt: skip


def ends_of(last: date, n: int) -> list[date]:
    """Return the last n month ends up to one."""
    return [stamp.date() for stamp in pd.date_range(end=pd.Timestamp(last), periods=n, freq="ME")]


def later(day: date, months: int) -> date:
    """Return the month end so many months after another."""
    return (pd.Timestamp(day) + pd.offsets.MonthEnd(months)).date()


def band_of(days: int, edges: tuple[int, ...] = (0, 30, 60, 90)) -> int:
    return sum(days > edge for edge in edges)


def owing(row: Any) -> bool:
    return row.bucket not in GONE


def exposure(row: Any) -> float:
    return float(row.outstanding_principal_amount + row.overdue_amount - row.overdue_principal_amount)
