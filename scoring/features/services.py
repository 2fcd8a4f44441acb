"""Compute features and keep them. Training and scoring both come through here, and both end in sql/loan_features.sql."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from time import monotonic
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db import connection, transaction

from borrowers.services import get_business_date, known_at
from creditpath.sql import load
from scoring.errors import UnknownLoans
from scoring.features.cases import Case, in_chunks
from scoring.features.definition import FEATURE_NAMES, FEATURE_SET

CASES_AT_ONCE = 20_000
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class FeatureReport:
    """What a build of feature vectors wrote."""

    as_of: date
    feature_set: str
    n_loans: int
    written: int
    seconds: float

    @property
    def unchanged(self) -> int:
        return self.n_loans - self.written

    def summary(self) -> str:
        return (
            f"Features ({self.feature_set}) as of {self.as_of}: {self.n_loans:,} loans, {self.written:,} vectors written, "
            f"{self.unchanged:,} as before ({self.seconds:.1f} s)."
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "as_of": self.as_of,
            "feature_set": self.feature_set,
            "n_loans": self.n_loans,
            "written": self.written,
            "unchanged": self.unchanged,
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True)
class FeatureMatrix:
    """The features of n cases in the order in which they were asked: float32, shape (n, k), NaN where a value is missing."""

    loan_ids: npt.NDArray[np.int64]
    as_ofs: npt.NDArray[np.datetime64]
    values: npt.NDArray[np.float32]
    names: tuple[str, ...] = FEATURE_NAMES
    feature_set: str = FEATURE_SET

    def __len__(self) -> int:
        return len(self.loan_ids)


def build_features(
    *,
    as_of: date | None = None,
    loans: Iterable[int] | None = None,
    known: datetime | None = None,
    progress: Progress = lambda done, total, message: None,
) -> FeatureReport:
    """Keep the feature vectors of a day (the business date): of all loans that owe on it, or of the given loan ids.

    A vector is written where the loan's newest one of that day and feature set differs or is not there; running it again writes
    nothing. One statement per CASES_AT_ONCE loans, each in a transaction of its own: a build that is killed is continued by the
    next. Two at once write at most the same vector twice. Raises NoBusinessDate on empty books.
    """
    began = monotonic()
    as_of = as_of or get_business_date()
    known = known or known_at(as_of=as_of)
    loan_ids = find_owing_loans(as_of=as_of, known=known) if loans is None else sorted(set(loans))
    written = write_vectors([Case(loan_id, as_of, known) for loan_id in loan_ids], progress=progress)
    return FeatureReport(as_of, FEATURE_SET, len(loan_ids), written, monotonic() - began)


def write_vectors(cases: Sequence[Case], *, progress: Progress = lambda done, total, message: None) -> int:
    """Write the vectors of cases where the newest known by then differs or is not there; return how many were written."""
    written = done = 0
    for chunk in in_chunks(cases, CASES_AT_ONCE):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(load("scoring", "write_vectors.sql"), as_arrays(chunk) | {"feature_set": FEATURE_SET})
            written += cursor.rowcount
        done += len(chunk)
        progress(done, len(cases), "features")
    return written


def build_matrix(cases: Iterable[Case], *, progress: Progress = lambda done, total, message: None) -> FeatureMatrix:
    """Compute the features of cases, in their order, and keep nothing.

    Memory is the matrix itself (4 bytes a value) and one chunk of CASES_AT_ONCE cases. Raises UnknownLoans where a case names
    a loan that is not on the books.
    """
    cases = list(cases)
    values = np.full((len(cases), len(FEATURE_NAMES)), np.nan, dtype=np.float32)
    row = 0
    for chunk in in_chunks(cases, CASES_AT_ONCE):
        last = row + len(chunk)
        with connection.cursor() as cursor:
            cursor.execute(
                """SELECT array_to_string("values", ',', 'NaN')
                FROM loan_features(%(loans)s::bigint[], %(days)s::date[], %(knowns)s::timestamptz[]) WITH ORDINALITY
                ORDER BY ordinality""",
                as_arrays(chunk),
            )
            if cursor.rowcount != len(chunk):
                raise UnknownLoans(
                    f"{len(chunk) - cursor.rowcount:,} of the loans that features were asked of are not on the books."
                )
            values[row:last] = read_vectors(text for (text,) in cursor)
        row = last
        progress(row, len(cases), "features")
    return FeatureMatrix(
        loan_ids=np.fromiter((case.loan_id for case in cases), dtype=np.int64, count=len(cases)),
        as_ofs=np.array([case.as_of for case in cases], dtype="datetime64[D]"),
        values=values,
    )


def read_vectors(texts: Iterable[str]) -> npt.NDArray[np.float32]:
    """Return vectors as float32 (n, k) from array_to_string("values", ',', 'NaN'): fifteen times as fast as from arrays.

    The shortest text of a float4, and of a float8 that holds one, is read back as the same float32.
    """
    return np.fromstring(",".join(texts), dtype=np.float32, sep=",").reshape(-1, len(FEATURE_NAMES))


def find_owing_loans(*, as_of: date, known: datetime) -> list[int]:
    """Return the ids, in order, of the loans that on a day are neither paid off nor written off, as far as was known."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT loan_id FROM delinquency_as_of(%s, %s) WHERE is_owing(bucket) ORDER BY loan_id",
            [as_of, known],
        )
        return [loan_id for (loan_id,) in cursor.fetchall()]


def as_arrays(cases: Sequence[Case]) -> dict[str, list[Any]]:
    """Return cases as the three arrays that the SQL takes, side by side."""
    return {
        "loans": [case.loan_id for case in cases],
        "days": [case.as_of for case in cases],
        "knowns": [case.known_at for case in cases],
    }
