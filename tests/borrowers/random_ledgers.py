"""Random ledgers for the tests, and how they are written into the books: every entry with both clocks."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count

from hypothesis import strategies as st

from borrowers.models import (
    BalanceSnapshot,
    Charge,
    Instalment,
    Loan,
    LoanEvent,
    Payment,
    Product,
    ScheduleVersion,
    Statement,
)
from tests.borrowers.slow_ledger import Cost, Entry, Happening, Ledger, Line, Seen, Stated, Version
from tests.factories import at, make_borrower

STARTS = [date(2024, 1, 31), date(2024, 2, 29), date(2025, 2, 28), date(2025, 12, 31), date(2026, 3, 1)]
ORDERS = ["fip", "fip", "fpi", "ifp", "ipf", "pfi", "pif"]
KINDS = ["written_off", "sold", "closed", "placed", "placed", "recalled", "bankruptcy"]

cents = st.integers(0, 20_000).map(lambda n: Decimal(n) / 100)
some_money = st.integers(1, 30_000).map(lambda n: Decimal(n) / 100)
small_money = st.integers(1, 3_000).map(lambda n: Decimal(n) / 100)


@st.composite
def instants(draw: st.DrawFn, day: date, *, latest: int = 40) -> datetime:
    """An instant on the day or up to some days later, often at the edge between two days."""
    moment = at(day + timedelta(days=draw(st.integers(0, latest))), 0)
    return moment + draw(st.sampled_from([timedelta(), timedelta(hours=12), timedelta(days=1, microseconds=-1)]))


@st.composite
def days_after(draw: st.DrawFn, day: date, most: int) -> date:
    return day + timedelta(days=draw(st.integers(0, most)))


@st.composite
def entries(draw: st.DrawFn, start: date) -> Entry:
    day = draw(days_after(start, 200))
    entry = Entry(day, draw(some_money), draw(instants(day)))
    way = draw(st.sampled_from(["through", "through", "through", "cleared", "returned", "waiting"]))
    if way != "through":
        entry.is_waiting = True
    if way == "cleared":
        entry.cleared_on = day + timedelta(days=draw(st.integers(-1, 5)))
        entry.cleared_booked_at = max(entry.booked_at, draw(instants(entry.cleared_on, latest=8)))
    elif way == "returned":
        entry.returned_on = draw(days_after(day, 5))
        entry.returned_booked_at = max(entry.booked_at, draw(instants(entry.returned_on, latest=8)))
    if way in ("through", "cleared") and draw(st.integers(0, 3)) == 0:
        from_day, known = entry.day, entry.booked_at
        if entry.cleared_on is not None and entry.cleared_booked_at is not None:
            from_day, known = entry.cleared_on, entry.cleared_booked_at
        entry.back_on = draw(days_after(from_day, 30))
        entry.back_booked_at = max(known, draw(instants(entry.back_on)))
    return entry


@st.composite
def costs(draw: st.DrawFn, start: date) -> Cost:
    day = draw(days_after(start, 200))
    cost = Cost(day, draw(small_money), draw(instants(day)))
    if draw(st.integers(0, 2)) == 0:
        cost.waived_on = draw(days_after(day, 40))
        cost.waived_booked_at = max(cost.booked_at, draw(instants(cost.waived_on)))
    return cost


@st.composite
def happenings(draw: st.DrawFn, start: date) -> Happening:
    day = draw(days_after(start, 250))
    happening = Happening(draw(st.sampled_from(KINDS)), day, draw(instants(day)))
    if draw(st.integers(0, 2)) == 0:
        happening.revoked_on = draw(days_after(day, 40))
        happening.revoked_booked_at = max(happening.booked_at, draw(instants(happening.revoked_on)))
    return happening


@st.composite
def loans(draw: st.DrawFn, start: date) -> Ledger:
    """A loan with its terms and, sometimes, events; without anything due yet."""
    return Ledger(
        approved_on=start,
        booked_at=draw(instants(start, latest=5)),
        tolerance=draw(st.sampled_from([Decimal("0.00"), Decimal("0.50"), Decimal("5.00")])),
        order=draw(st.sampled_from(ORDERS)),
        fees_age=draw(st.booleans()),
        grace_days=draw(st.sampled_from([0, 0, 5])),
        entries=draw(st.lists(entries(start), max_size=6)),
        happenings=draw(st.lists(happenings(start), max_size=3)) if draw(st.integers(0, 2)) == 0 else [],
    )


@st.composite
def instalment_loans(draw: st.DrawFn) -> Ledger:
    start = draw(st.sampled_from(STARTS))
    ledger = draw(loans(start))
    effective_on = start
    for number in range(1, draw(st.sampled_from([1, 1, 2, 3])) + 1):
        due_on = draw(days_after(start, 40))
        lines = []
        for position in range(1, draw(st.integers(1, 6)) + 1):
            lines.append(Line(due_on, position, draw(cents), draw(cents), draw(cents)))
            due_on += timedelta(days=draw(st.sampled_from([0, 7, 28, 29, 30, 31, 31, -3])))
        ledger.versions.append(Version(number, effective_on, draw(instants(effective_on)), lines))
        effective_on = draw(days_after(start, 150))
    if draw(st.booleans()):
        ledger.costs = draw(st.lists(costs(start), max_size=3))
    _end_where_lines_end(draw, ledger)
    return ledger


def _end_where_lines_end(draw: st.DrawFn, ledger: Ledger) -> None:
    """Let some payments be what some lines in a row, and some charges fall on a day on which a line is due."""
    lines = [line for version in ledger.versions for line in version.lines]
    is_alone = draw(st.integers(0, 2)) == 0
    if is_alone:  # then the money itself ends there
        lines, ledger.entries = ledger.versions[-1].lines, ledger.entries[:1]
    for entry in ledger.entries:
        if is_alone or draw(st.integers(0, 2)) == 0:
            first = 0 if is_alone else draw(st.integers(0, len(lines) - 1))
            few = lines[first : first + draw(st.integers(1, 3))]
            entry.amount = sum((line.principal + line.interest + line.fee for line in few), Decimal()) or entry.amount
    for cost in ledger.costs:
        if draw(st.booleans()):
            day = draw(st.sampled_from(lines)).due_on
            if cost.waived_on is None and day >= cost.day:
                cost.booked_at += day - cost.day
                cost.day = day


def days_to_ask(ledger: Ledger) -> st.SearchStrategy[date]:
    """Any day, but often one on which something is due or happens, or the day after."""
    edges = [line.due_on for version in ledger.versions for line in version.lines]
    edges += [each.day for each in (*ledger.entries, *ledger.costs, *ledger.happenings, *ledger.snapshots)]
    edges += [stated.due_on for stated in ledger.statements]
    edges += [ledger.approved_on, *(day + timedelta(days=1) for day in edges)]
    return st.sampled_from(edges) | st.integers(-2, 320).map(lambda n: ledger.approved_on + timedelta(days=n))


@st.composite
def plain_loans(draw: st.DrawFn) -> Ledger:
    """An instalment loan without charges, events, steps of payments and reversals: most of any real book."""
    ledger = draw(instalment_loans())
    ledger.order, ledger.costs, ledger.happenings = "fip", [], []
    for entry in ledger.entries:
        entry.is_waiting = False
        entry.cleared_on = entry.returned_on = entry.back_on = None
    return ledger


@st.composite
def loans_of_one_order(draw: st.DrawFn) -> Ledger:
    """An instalment loan that settles fees, interest, principal, with whatever charges, events and steps of payments."""
    ledger = draw(instalment_loans())
    ledger.order, ledger.fees_age = "fip", False
    return ledger


@st.composite
def accounts(draw: st.DrawFn) -> Ledger:
    """A revolving account whose statements are sometimes corrected."""
    start = draw(st.sampled_from(STARTS))
    ledger = draw(loans(start))
    ledger.is_revolving = True
    ledger.costs = draw(st.lists(costs(start), max_size=1))
    stated_on = draw(days_after(start, 30))
    for _ in range(draw(st.integers(0, 5))):
        parts = draw(cents), draw(cents), draw(cents)
        balance = sum(parts) + draw(some_money)
        due_on = draw(days_after(stated_on, 25))
        ledger.statements.append(Stated(stated_on, due_on, *parts, balance, draw(instants(stated_on, latest=5))))
        stated_on += timedelta(days=draw(st.sampled_from([0, 1, 28, 30, 31])))
    return ledger


@st.composite
def stated_loans(draw: st.DrawFn) -> Ledger:
    """A loan of which only the lender's own figures are known, sometimes not all of them."""
    start = draw(st.sampled_from(STARTS))
    ledger = draw(loans(start))
    ledger.is_snapshot = True
    ledger.entries = ledger.entries if draw(st.integers(0, 2)) == 0 else []
    money = st.none() | st.just(Decimal("0.00")) | some_money
    day = draw(days_after(start, 20))
    for _ in range(draw(st.integers(0, 5))):
        days_past_due = draw(st.none() | st.sampled_from([0, 0, 1, 30, 31, 60, 61, 90, 91, 400]))
        ledger.snapshots.append(
            Seen(day, draw(instants(day, latest=10)), days_past_due, draw(money), draw(money), draw(money))
        )
        day += timedelta(days=draw(st.sampled_from([0, 1, 28, 30, 31])))
    return ledger


class Books:
    """Writes ledgers into the books, many at once, ids in the order in which things were entered."""

    def __init__(self) -> None:
        self.ids = count(10_000_000)  # beyond what the sequences give out
        self.borrower = make_borrower()
        self.products: dict[str, Product] = {}

    def enter(self, ledgers: Sequence[Ledger]) -> list[Loan]:
        loans = [self._loan(ledger) for ledger in ledgers]
        Loan.objects.bulk_create(loans)
        pairs = list(zip(ledgers, loans, strict=True))
        versions = [(version, self._version(loan, version)) for ledger, loan in pairs for version in ledger.versions]
        ScheduleVersion.objects.bulk_create(row for _, row in versions)
        Instalment.objects.bulk_create(
            Instalment(
                loan_id=row.loan_id,
                schedule=row,
                number=line.number,
                due_on=line.due_on,
                principal_amount=line.principal,
                interest_amount=line.interest,
                fee_amount=line.fee,
            )
            for version, row in versions
            for line in version.lines
        )
        Payment.objects.bulk_create(
            row for ledger, loan in pairs for entry in ledger.entries for row in self._payments(loan, entry)
        )
        Charge.objects.bulk_create(
            row for ledger, loan in pairs for cost in ledger.costs for row in self._charges(loan, cost)
        )
        LoanEvent.objects.bulk_create(
            row for ledger, loan in pairs for event in ledger.happenings for row in self._events(loan, event)
        )
        Statement.objects.bulk_create(
            Statement(
                id=next(self.ids),
                loan=loan,
                stated_on=stated.stated_on,
                due_on=stated.due_on,
                principal_amount=stated.principal,
                interest_amount=stated.interest,
                fee_amount=stated.fee,
                balance_amount=stated.balance,
                booked_at=stated.booked_at,
            )
            for ledger, loan in pairs
            for stated in ledger.statements
        )
        BalanceSnapshot.objects.bulk_create(
            BalanceSnapshot(
                id=next(self.ids),
                loan=loan,
                as_of=seen.day,
                days_past_due=seen.days_past_due,
                outstanding_amount=seen.outstanding,
                outstanding_principal_amount=seen.principal,
                overdue_amount=seen.overdue,
                booked_at=seen.booked_at,
            )
            for ledger, loan in pairs
            for seen in ledger.snapshots
        )
        return loans

    def _loan(self, ledger: Ledger) -> Loan:
        number = next(self.ids)
        return Loan(
            id=number,
            borrower=self.borrower,
            product=self._product(ledger),
            external_id=f"random-{number}",
            currency="USD",
            principal_amount=1000,
            bookkeeping="snapshots" if ledger.is_snapshot else "ledger",
            approved_on=ledger.approved_on,
            booked_at=ledger.booked_at,
        )

    def _product(self, ledger: Ledger) -> Product:
        rules = {
            "kind": "revolving" if ledger.is_revolving else "instalment",
            "tolerance_amount": ledger.tolerance,
            "settlement_order": ledger.order,
            "unpaid_fees_age": ledger.fees_age,
            "grace_days": ledger.grace_days,
        }
        code = "-".join(map(str, rules.values()))
        if code not in self.products:
            self.products[code] = Product.objects.create(code=code, name=code, **rules)
        return self.products[code]

    def _version(self, loan: Loan, version: Version) -> ScheduleVersion:
        return ScheduleVersion(
            id=next(self.ids),
            loan=loan,
            version=version.number,
            effective_on=version.effective_on,
            booked_at=version.booked_at,
        )

    def _payments(self, loan: Loan, entry: Entry) -> list[Payment]:
        first = Payment(
            id=next(self.ids),
            loan=loan,
            amount=entry.amount,
            status="pending" if entry.is_waiting else "cleared",
            effective_on=entry.day,
            booked_at=entry.booked_at,
        )
        rows = [first]
        if entry.cleared_on or entry.returned_on:
            rows.append(
                Payment(
                    id=next(self.ids),
                    loan=loan,
                    amount=entry.amount,
                    status="cleared" if entry.cleared_on else "returned",
                    effective_on=entry.cleared_on or entry.returned_on,
                    booked_at=entry.cleared_booked_at or entry.returned_booked_at,
                    follows=first,
                )
            )
        if entry.back_on:
            rows.append(
                Payment(
                    id=next(self.ids),
                    loan=loan,
                    amount=-entry.amount,
                    effective_on=entry.back_on,
                    booked_at=entry.back_booked_at,
                    reverses=rows[-1],
                )
            )
        return rows

    def _charges(self, loan: Loan, cost: Cost) -> list[Charge]:
        charge = Charge(
            id=next(self.ids),
            loan=loan,
            kind="late_fee",
            amount=cost.amount,
            effective_on=cost.day,
            booked_at=cost.booked_at,
        )
        if cost.waived_on is None:
            return [charge]
        waiver = Charge(
            id=next(self.ids),
            loan=loan,
            kind="late_fee",
            amount=-cost.amount,
            effective_on=cost.waived_on,
            booked_at=cost.waived_booked_at,
            waives=charge,
        )
        return [charge, waiver]

    def _events(self, loan: Loan, happening: Happening) -> list[LoanEvent]:
        event = LoanEvent(
            id=next(self.ids),
            loan=loan,
            kind=happening.kind,
            counterparty="somebody" if happening.kind in ("sold", "placed") else "",
            effective_on=happening.day,
            booked_at=happening.booked_at,
        )
        if happening.revoked_on is None:
            return [event]
        revocation = LoanEvent(
            id=next(self.ids),
            loan=loan,
            kind="revoked",
            effective_on=happening.revoked_on,
            booked_at=happening.revoked_booked_at,
            revokes=event,
        )
        return [event, revocation]
