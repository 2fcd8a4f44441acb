"""Rows of money: payments with what becomes of them, charges and waivers; only what is known by the business date."""

from collections.abc import Iterator

import numpy as np

from borrowers.models import Charge, Loan, Payment
from borrowers.simulation.charges import RETURN_FEE
from borrowers.simulation.entries import CARD, CLEARED
from borrowers.simulation.rows.frame import BUSINESS_CLOSES, Frame, Rows

PAYMENT_CHANNELS = np.array([b"transfer", b"direct_debit", b"card", b"cash"])
PAYMENT_STATUS = np.array([b"cleared", b"pending", b"in_clearing", b"returned"])


def rows_of_payments(frame: Frame) -> Iterator[Rows]:
    yield _payments(frame)
    yield _charges(frame)


def _payments(frame: Frame) -> Rows:
    """Return payments in the order in which they were booked."""
    loan, day, amount, channel, booked, reverses, status, follows = frame.block.history.payments
    earlier = np.maximum(reverses, follows)
    booked = np.where(earlier >= 0, np.maximum(booked, booked[earlier] + 1), booked)
    second = frame.booked(booked)
    known = np.flatnonzero((booked <= frame.calendar.as_of) & (day <= frame.calendar.as_of))
    e = known[np.lexsort((known, second[known], booked[known]))]
    ids = np.zeros(len(day), np.int64)
    ids[e] = frame.ids(Payment, len(e))
    is_reversal = reverses[e] >= 0
    reason = np.where(channel[e] == CARD, b"chargeback", b"returned")
    return Rows(
        Payment,
        {
            "id": ids[e],
            "loan": frame.id_of(Loan, loan[e]),
            "amount": amount[e],
            "status": PAYMENT_STATUS[status[e]],
            "effective_on": day[e],
            "booked_at": frame.lender_time(booked[e], second[e]),
            "channel": PAYMENT_CHANNELS[channel[e]],
            "reverses": np.ma.array(ids[reverses[e]], mask=~is_reversal),
            "reversal_reason": np.where(is_reversal, reason, b""),
            "follows": np.ma.array(ids[follows[e]], mask=follows[e] < 0),
        },
        len(e),
        {"reversals": int(is_reversal.sum()), "in_steps": int((status[e] != CLEARED).sum())},
    )


def _charges(frame: Frame) -> Rows:
    """Return charges and, after them, the waivers of those that were waived."""
    loan, day, amount, kind, waived_day = frame.block.history.charges
    as_of = frame.calendar.as_of
    e = np.flatnonzero(day < as_of)
    e = e[np.argsort(day[e], kind="stable")]
    w = np.flatnonzero((waived_day[e] >= 0) & (waived_day[e] < as_of))
    n = len(e) + len(w)
    ids = frame.ids(Charge, n)
    is_waiver = np.arange(n) >= len(e)
    both = np.concatenate([e, e[w]])
    days = np.concatenate([day[e], waived_day[e[w]]])
    return Rows(
        Charge,
        {
            "id": ids,
            "loan": frame.id_of(Loan, loan[both]),
            "kind": np.where(kind[both] == RETURN_FEE, b"return_fee", b"late_fee"),
            "amount": np.where(is_waiver, -amount[both], amount[both]),
            "effective_on": days,
            "booked_at": frame.lender_time(days, BUSINESS_CLOSES),
            "waives": np.ma.array(np.concatenate([ids[: len(e)], ids[w]]), mask=~is_waiver),
        },
        n,
        {"waivers": len(w)},
    )
