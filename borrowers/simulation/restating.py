"""Restate loans under new plans: what was paid stays as it was due, the rest is spread evenly over the new months."""

import numpy as np
from numpy.typing import NDArray

from borrowers.simulation.lending import Calendar, Lines, Loans

Ints = NDArray[np.int64]


def restate(loans: Loans, plans: tuple[Ints, ...], calendar: Calendar) -> tuple[Lines, Ints]:
    """Return the instalments of new plans and their due days; `loan` of a line is the index of its plan.

    Principal, interest and fees of a plan add up to those of the first one, to the cent. O(instalments of these loans).
    """
    loan, _, received, first_due_month, term = plans
    n = len(loan)
    old, old_plan = _lines_of(loans, loan)
    parts = np.stack([old.fee, old.interest, old.principal])  # in the order in which a payment settles them
    total = parts.sum(axis=0)
    before = np.cumsum(total) - total
    starts = np.cumsum(loans.term[loan]) - loans.term[loan]
    before -= before[starts][old_plan] if n else 0
    left = np.clip(received[old_plan] - before, 0, total)
    paid = np.zeros_like(parts)
    for part, settled in zip(parts, paid, strict=True):
        settled[:] = np.minimum(part, left)
        left = left - settled
    rest = np.stack([np.bincount(old_plan, weights=column, minlength=n) for column in parts - paid]).astype(np.int64)

    stays = paid.sum(axis=0) > 0
    new_plan = np.repeat(np.arange(n), term)
    step = np.arange(len(new_plan)) - np.repeat(np.cumsum(term) - term, term)
    level = rest // term
    is_last = step == term[new_plan] - 1
    spread = np.where(is_last, (rest - level * (term - 1))[:, new_plan], level[:, new_plan])

    plan = np.concatenate([old_plan[stays], new_plan])
    due = np.concatenate(
        [
            _due(loans, calendar, old.loan, loans.first_due_month[old.loan] + old.number - 1)[stays],
            _due(loans, calendar, loan[new_plan], first_due_month[new_plan] + step),
        ]
    )
    fee, interest, principal = np.concatenate([paid[:, stays], spread], axis=1)
    order = np.lexsort((np.arange(len(plan)), plan))  # what stays comes first, as it was
    plan = plan[order]
    sizes = np.bincount(plan, minlength=n)
    number = np.arange(len(plan)) - np.repeat(np.cumsum(sizes) - sizes, sizes) + 1
    return Lines(plan, number, principal[order], interest[order], fee[order]), due[order]


def _lines_of(loans: Loans, loan: Ints) -> tuple[Lines, Ints]:
    """Return the first plans' lines of some loans, and for each line which of these it belongs to."""
    term = loans.term[loan]
    which = np.repeat(np.arange(len(loan)), term)
    starts = (np.cumsum(loans.term) - loans.term)[loan]
    line = starts[which] + np.arange(len(which)) - np.repeat(np.cumsum(term) - term, term)
    lines = loans.lines
    return (
        Lines(lines.loan[line], lines.number[line], lines.principal[line], lines.interest[line], lines.fee[line]),
        which,
    )


def _due(loans: Loans, calendar: Calendar, loan: Ints, month: Ints) -> Ints:
    return calendar.day_of(month, loans.due_day_of_month[loan])
