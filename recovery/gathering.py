"""The facts of all borrowers of a day."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from borrowers.services import known_at
from creditpath.sql import load
from recovery.policy import Facts, PlanState, PromiseState

CHUNK = 5_000
FACTS_WITHOUT = ("borrower_id", "loan_id", "score_id", "household")


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a decision is about."""

    borrower_id: int
    loan_id: int
    score_id: int | None
    household: str


def gather(*, as_of: date, is_replay: bool = False) -> Iterator[list[tuple[Subject, Facts]]]:
    """Yield borrowers with their facts, 5,000 at a time, through a cursor that stays on the server.

    Borrowers who have a recommendation of the day are left out, but in a replay, which also computes days past due anew as
    known at the end of the day. One statement; memory does not grow with the books.
    """
    arguments: dict[str, Any] = {"day": as_of, "known": known_at(as_of=as_of), "is_replay": is_replay}
    with connection.chunked_cursor() as cursor:
        cursor.execute(load("recovery", "recommendation_facts.sql"), arguments)
        while rows := cursor.fetchmany(CHUNK):
            names = [column[0] for column in cursor.description]
            yield [_split(as_of, names, row) for row in rows]


def _split(as_of: date, names: Sequence[str], row: Sequence[Any]) -> tuple[Subject, Facts]:
    values = dict(zip(names, row, strict=True))
    subject = Subject(**{name: values.pop(name) for name in FACTS_WITHOUT})
    values["plan"] = PlanState(values["plan"])
    values["promise"] = PromiseState(values["promise"])
    values["holds"] = tuple(values["holds"])
    values["closed_channels"] = tuple(values["closed_channels"])
    return subject, Facts(as_of=as_of, **values)
