"""Ask for features in tests, by name."""

from datetime import date, datetime

import numpy as np
import numpy.typing as npt

from borrowers.models import Loan
from borrowers.services import end_of_day
from scoring.features.cases import Case
from scoring.features.definition import FEATURE_NAMES
from scoring.features.services import build_matrix


def vector_of(loan: Loan, day: date, *, known: datetime | None = None) -> npt.NDArray[np.float32]:
    """Return the float32 vector of a loan on a day, as known at its end or at the instant given."""
    return build_matrix([Case(loan.pk, day, known or end_of_day(day))]).values[0]


def features_of(loan: Loan, day: date, *, known: datetime | None = None) -> dict[str, float | None]:
    """Return the same by name, None where a value is missing."""
    vector = vector_of(loan, day, known=known)
    return {name: None if np.isnan(value) else float(value) for name, value in zip(FEATURE_NAMES, vector, strict=True)}
