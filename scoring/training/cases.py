"""Which loans on which days a model learns from, and what became of them: cases and labels from the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Min
from numpy.typing import NDArray

from borrowers.models import Loan
from borrowers.services import get_business_date, known_at
from creditpath.sql import load
from scoring.features.cases import Case, cases_at_approval
from scoring.models import Purpose, Segment
from scoring.training.errors import NoCompleteWindow, TrainingRefused, UnknownAttribute

AT_APPROVAL = "approved_on"
MONTHLY = "monthly"
MAX_DAYS = 24  # month ends looked back on; older ones say little about borrowers of today
# A loan that is not past due cannot be 91+ within 90 days: with 120, one that misses its next monthly instalment can.
HORIZON_DAYS = {Purpose.DEFAULT.value: 120, Purpose.PAYS_30.value: 30}
SQL_FILES = {Purpose.DEFAULT.value: "cases_default.sql", Purpose.PAYS_30.value: "cases_pays_30.sql"}
EVENTS = {
    Purpose.DEFAULT.value: "91+ days past due, written off, or a distressed restructure within the horizon",
    Purpose.PAYS_30.value: "net payments of at least one instalment within the horizon",
}
POPULATIONS = {
    Purpose.DEFAULT.value: "loans that owe and are not yet 91+ days past due",
    Purpose.PAYS_30.value: "loans in arrears or with an instalment due within the horizon",
}


@dataclass(frozen=True)
class LabelledCases:
    """Cases (n) with labels: 1 is the event that the model gives the probability of."""

    cases: list[Case]
    y: NDArray[np.int8]
    borrowers: NDArray[np.int64]
    segments: NDArray[np.str_]
    is_simulated: bool
    purpose: str
    target: dict[str, Any]
    horizon_days: int | None
    warnings: list[str] = field(default_factory=list)
    segment: str = ""

    @property
    def days(self) -> NDArray[np.datetime64]:
        return np.array([case.as_of for case in self.cases], dtype="datetime64[D]")

    @property
    def instants(self) -> NDArray[np.datetime64]:
        return np.array([case.known_at.replace(tzinfo=None) for case in self.cases], dtype="datetime64[us]")


def collect_over_time(
    *, purpose: str, at: str | Sequence[date], horizon_days: int | None, segment: str = Segment.ALL
) -> LabelledCases:
    """Return the cases of each observation day whose window is complete, with labels as known at the window's end.

    `at` is "monthly" (month ends) or days. With a segment: the cases whose loan was in that bucket on the observation day, which
    are those that the segment's champion scores. One statement per day. Raises NoBusinessDate, NoCompleteWindow, and
    TrainingRefused for an unknown purpose or segment, or a horizon that is no number of days.
    """
    if purpose not in SQL_FILES:
        raise TrainingRefused(f"There is no purpose {purpose!r}; there are {' and '.join(SQL_FILES)}.")
    if segment not in Segment.values:
        raise TrainingRefused(f"There is no segment {segment!r}; there are {', '.join(filter(None, Segment.values))}.")
    horizon_days = HORIZON_DAYS[purpose] if horizon_days is None else horizon_days
    if not 1 <= horizon_days <= 3650:
        raise TrainingRefused(f"A horizon of {horizon_days} days is outside 1 to 3,650.")
    last_complete = get_business_date() - timedelta(days=horizon_days)
    days = month_ends(until=last_complete) if isinstance(at, str) else sorted(set(at))
    warnings = []
    if too_late := [day for day in days if day > last_complete]:
        warnings.append(
            f"Left out, because their {horizon_days} days are not over yet: {', '.join(map(str, too_late))}."
        )
    days = [day for day in days if day <= last_complete]
    if not days:
        raise NoCompleteWindow(
            f"No observation day has {horizon_days} days of history after it: the last one that could is {last_complete}. "
            "Choose earlier days or a shorter horizon."
        )
    cases: list[Case] = []
    labels: list[int] = []
    borrowers: list[int] = []
    segments: list[str] = []
    is_simulated = False
    for day in days:
        known = known_at(as_of=day)
        for loan_id, borrower_id, bucket, label, simulated in _fetch_day(purpose, day, known, horizon_days):
            if segment not in (Segment.ALL, bucket):
                continue
            cases.append(Case(loan_id, day, known))
            borrowers.append(borrower_id)
            segments.append(bucket)
            labels.append(label)
            is_simulated = is_simulated or simulated
    return LabelledCases(
        cases=cases,
        y=np.array(labels, dtype=np.int8),
        borrowers=np.array(borrowers, dtype=np.int64),
        segments=np.array(segments, dtype=np.str_),
        is_simulated=is_simulated,
        purpose=purpose,
        target={
            "at": at if isinstance(at, str) else [day.isoformat() for day in days],
            "horizon_days": horizon_days,
            "population": f"{POPULATIONS[purpose]}: {Segment(segment).label}" if segment else POPULATIONS[purpose],
            "definition": EVENTS[purpose],
        },
        horizon_days=horizon_days,
        warnings=warnings,
        segment=segment,
    )


def collect_at_approval(*, attribute: str, bad: str) -> LabelledCases:
    """Return each loan that has the attribute as it was known when it was approved; 1 where the attribute is `bad`.

    Raises UnknownAttribute where no loan has it (naming those there are), or none has the bad value.
    """
    rows = list(
        Loan.objects.filter(attributes__has_key=attribute)
        .exclude(**{f"attributes__{attribute}": None})
        .order_by("id")
        .values_list("id", "borrower_id", "attributes", "borrower__is_simulated")
    )
    if not rows:
        raise UnknownAttribute(f"No loan has an attribute {attribute!r}. {_describe_attributes()}")
    values = [_as_text(attributes[attribute]) for _, _, attributes, _ in rows]
    if bad not in values:
        found = ", ".join(sorted(set(values))[:10])
        raise UnknownAttribute(
            f"No loan has {attribute} = {bad!r}; values found: {found}.", fields={"bad": "not found"}
        )
    others = sorted(set(values) - {bad})
    return LabelledCases(
        cases=cases_at_approval([loan_id for loan_id, *_ in rows]),
        y=np.array([value == bad for value in values], dtype=np.int8),
        borrowers=np.array([borrower_id for _, borrower_id, *_ in rows], dtype=np.int64),
        segments=np.array([AT_APPROVAL] * len(rows), dtype=np.str_),
        is_simulated=any(simulated for *_, simulated in rows),
        purpose=f"attribute:{attribute}",
        target={
            "at": AT_APPROVAL,
            "horizon_days": None,
            "population": f"loans with the attribute {attribute}, as known at their approval",
            "bad": bad,
            "definition": f"{attribute} = {bad} (not: {', '.join(others[:10])})",
        },
        horizon_days=None,
    )


def _fetch_day(purpose: str, day: date, known: datetime, horizon_days: int) -> list[tuple[int, int, str, int, bool]]:
    last_day = day + timedelta(days=horizon_days)
    with connection.cursor() as cursor:
        cursor.execute(
            load("scoring", SQL_FILES[purpose]),
            {"day": day, "known": known, "last_day": last_day, "last_known": known_at(as_of=last_day), "only": None},
        )
        return cursor.fetchall()


def month_ends(*, until: date) -> list[date]:
    """Return the month ends from the first approval on, at most MAX_DAYS of them."""
    first = Loan.objects.aggregate(first=Min("approved_on"))["first"]
    ends: list[date] = []
    day = (until + timedelta(days=1)).replace(day=1) - timedelta(days=1)
    while first is not None and day >= first and len(ends) < MAX_DAYS:
        ends.append(day)
        day = day.replace(day=1) - timedelta(days=1)
    return ends[::-1]


def _describe_attributes() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT jsonb_object_keys(attributes) AS name FROM borrowers_loan WHERE attributes <> '{}' "
            "ORDER BY name LIMIT 20"
        )
        names = [name for (name,) in cursor.fetchall()]
    return f"Attributes there are: {', '.join(names)}." if names else "No loan has any attribute."


def _as_text(value: Any) -> str:
    """Return a JSON value as it would be typed on the command line."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
