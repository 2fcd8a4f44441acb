"""Why the core system's figure of a loan differs from ours: rules and knowledge tried one after the other. Pure.

A cause is found, never guessed: our own figures are computed once more under another rule or with other knowledge, and the
cause stands only if days past due and balance then both are the core system's, to the cent.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations

from borrowers.derivation.model import ZERO, Line, Rules
from borrowers.derivation.services import Derivation

AGREES = "agrees"
UNEXPLAINED = "unexplained"
MISSING_HERE = "missing_here"
MISSING_THERE = "missing_there"

WORDS = {
    AGREES: "agrees",
    MISSING_HERE: "the core system has a loan that these books do not know",
    MISSING_THERE: "the core system's file lacks a loan that still owes here",
    "known_later": "entries became known after the core system's figures were drawn",
    "due_day_counts": "the core system counts the due day as the first day past due",
    "day_before": "the core system's figures are of the day before",
    "payment_in_flight": "the core system counts a payment that has not cleared",
    "reversal_not_there": "the core system still counts a payment that was taken back",
    "payment_not_there": "the core system does not count a payment",
    "without_charges": "the core system leaves charges out",
    "charges_age": "the core system lets unpaid fees age the loan",
    "no_tolerance": "the core system has no tolerance",
    "earlier_schedule": "the core system follows an earlier schedule",
    "principal_only": "the core system's balance is principal alone",
    "overdue_only": "the core system's balance is the overdue part alone",
    "written_off": "the core system shows nothing owed of a loan that is written off or sold",
    UNEXPLAINED: "not explained: a finding",
}


@dataclass(frozen=True)
class Core:
    """The core system's figures of a loan; None where its file does not give one."""

    days_past_due: int | None
    balance_amount: Decimal | None


@dataclass(frozen=True)
class View:
    """One way to look at a ledger: what is owed, what is paid, by which rules and on which day."""

    lines: tuple[Line, ...]
    paid_amount: Decimal
    rules: Rules
    day: date
    balance: str = "all"  # all, principal, overdue
    counts_due_day: bool = False
    is_gone: bool = False
    beside_amount: Decimal = ZERO  # what a revolving account owes beside its lines
    notes: tuple[str, ...] = field(default=())

    def figures(self) -> tuple[int, Decimal]:
        """Return days past due and balance; payments settle line by line as in the derivation."""
        if self.is_gone:
            return 0, ZERO
        money, oldest = self.paid_amount, None
        balance = {"all": self.beside_amount, "principal": self.beside_amount, "overdue": ZERO}
        for line in sorted(self.lines, key=self._place):
            settled = min(line.amount, money)
            money -= settled
            poured = replace(line, paid_amount=settled)
            left = poured.remainders(self.rules.settlement_order)
            balance["all"] += poured.remainder_amount
            balance["principal"] += left["p"]
            if poured.is_owed(self.rules) and self._is_past(line):
                balance["overdue"] += poured.remainder_amount
            if poured.is_unpaid(self.rules) and self._is_past(line):
                oldest = min(oldest or line.due_on, line.due_on)
        days = (self.day - oldest).days + self.counts_due_day if oldest else 0
        return days, balance[self.balance]

    def _is_past(self, line: Line) -> bool:
        return line.due_on < self.day or (self.counts_due_day and line.due_on == self.day)

    def _place(self, line: Line) -> tuple[int, date, bool, int, int]:
        if line.kind == "charge" and not self.rules.unpaid_fees_age:
            group = 1
        else:
            group = 0 if line.due_on <= self.day else 2
        return group, line.due_on, line.kind == "charge", line.number, line.entry_id


def find_cause(
    *,
    core: Core,
    derivation: Derivation,
    known_then: Derivation | None,
    earlier: tuple[Line, ...],
    balance: str = "all",
) -> tuple[str, str]:
    """Return the cause's code and what it rests on, in words; one change of rule or knowledge before two.

    known_then is the derivation by what was known when the day ended; earlier are the lines of the schedule before the one in
    force. Cost: some dozens of pourings over the loan's lines.
    """
    if derivation.is_by_snapshots:
        return UNEXPLAINED, "kept by snapshots of the lender, from which nothing can be derived"
    start = replace(_view(derivation), balance=balance)
    if _fits(core, start):
        return AGREES, ""
    changes = list(_changes(derivation, known_then, earlier))
    for change in changes:
        if _fits(core, changed := _apply(start, change)):
            return change.code, "; ".join(changed.notes)
    for first, second in combinations(changes, 2):
        if first.code != second.code and _fits(core, changed := _apply(_apply(start, first), second)):
            return f"{first.code}+{second.code}", "; ".join(changed.notes)
    return UNEXPLAINED, ""


@dataclass(frozen=True)
class _Change:
    code: str
    values: dict[str, object]
    paid_amount: Decimal = ZERO
    note: str = ""


def _apply(view: View, change: _Change) -> View:
    values = dict(change.values)
    if "tolerance_amount" in values or "unpaid_fees_age" in values:
        values = {"rules": replace(view.rules, **values)}  # type: ignore[arg-type]
    if values.pop("without_charges", False):
        values["lines"] = tuple(line for line in view.lines if line.kind != "charge")
    values.setdefault("paid_amount", view.paid_amount + change.paid_amount)
    notes = (*view.notes, change.note) if change.note else view.notes
    return replace(view, notes=notes, **values)  # type: ignore[arg-type]


def _changes(derivation: Derivation, known_then: Derivation | None, earlier: tuple[Line, ...]) -> Iterator[_Change]:
    if known_then is not None:
        then, ours = _view(known_then), _view(derivation)
        if (then.lines, then.paid_amount) != (ours.lines, ours.paid_amount):
            late = ", ".join(
                f"{entry.amount:,.2f} of {entry.effective_on}, booked {entry.booked_at:%Y-%m-%d}"
                for entry in derivation.entries
                if entry.booked_at > known_then.known_at
            )
            yield _Change("known_later", {"lines": then.lines, "paid_amount": then.paid_amount}, note=late)
    yield _Change("due_day_counts", {"counts_due_day": True})
    yield _Change("day_before", {"day": derivation.as_of - timedelta(days=1)})
    for entry in derivation.entries:
        said = f"{entry.amount:,.2f} of {entry.effective_on}{f' ({entry.external_id})' if entry.external_id else ''}"
        if entry.standing == "in_flight":
            yield _Change("payment_in_flight", {}, entry.amount, said)
        elif entry.standing == "reversed":
            yield _Change("reversal_not_there", {}, entry.amount, said)
        elif entry.standing == "counts":
            yield _Change("payment_not_there", {}, -entry.amount, said)
    if any(line.kind == "charge" for line in derivation.lines):
        yield _Change("without_charges", {"without_charges": True})
    if not derivation.rules.unpaid_fees_age:
        yield _Change("charges_age", {"unpaid_fees_age": True})
    if derivation.rules.tolerance_amount:
        yield _Change("no_tolerance", {"tolerance_amount": ZERO}, note=f"ours is {derivation.rules.tolerance_amount}")
    if earlier:
        yield _Change("earlier_schedule", {"lines": earlier})
    yield _Change("principal_only", {"balance": "principal"})
    yield _Change("overdue_only", {"balance": "overdue"})
    if derivation.figures["bucket"] not in ("current", "1-30", "31-60", "61-90", "91+", "paid_off"):
        yield _Change("written_off", {"is_gone": True}, note=str(derivation.figures["bucket"]).replace("_", " "))


def _view(derivation: Derivation) -> View:
    in_lines = sum((line.remainder_amount for line in derivation.lines), ZERO)
    return View(
        lines=derivation.lines,
        paid_amount=derivation.settling_amount,
        rules=derivation.rules,
        day=derivation.as_of,
        beside_amount=derivation.figures["outstanding_amount"] - in_lines,
    )


def _fits(core: Core, view: View) -> bool:
    days, balance = view.figures()
    return (core.days_past_due is None or core.days_past_due == days) and (
        core.balance_amount is None or core.balance_amount == balance
    )
