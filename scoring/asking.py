"""Scores on demand, kept nowhere: of loans as they stand this moment, or of features that somebody makes up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import numpy.typing as npt
from django.utils import timezone

from borrowers.services import get_business_date, known_at
from scoring.features.cases import Case, cases_at_approval
from scoring.features.services import build_matrix
from scoring.models import ModelVersion, Tier
from scoring.registry.services import check_fit, get_champion, load_session, run_session


@dataclass(frozen=True)
class Answers:
    """Probabilities and tiers in the order of what was asked; as_of is None for features that were made up."""

    model: ModelVersion
    as_of: date | None
    scored_at: datetime
    pds: list[float]
    tiers: list[str]


def ask_loans(*, loan_ids: Sequence[int], purpose: str | None = None) -> Answers:
    """Score loans by the champion from features computed now; one statement for the features, whatever the number of loans.

    A model that was trained on the day of approval is asked about that day. Raises NoChampion, ModelDoesNotFit, UnknownLoans,
    NoBusinessDate.
    """
    model = get_champion(purpose)
    check_fit(model)
    day = get_business_date()
    if model.target.get("at") == "approved_on":
        by_loan = {case.loan_id: case for case in cases_at_approval(loan_ids)}
        cases = [by_loan[loan_id] for loan_id in loan_ids]
    else:
        known = known_at(as_of=day)
        cases = [Case(loan_id, day, known) for loan_id in loan_ids]
    return _answer(model, build_matrix(cases).values, as_of=day)


def ask_features(*, rows: Sequence[Mapping[str, float | None]], purpose: str | None = None) -> Answers:
    """Score rows of features by the champion; None is a missing value. Raises NoChampion and KeyError for a feature left out."""
    model = get_champion(purpose)
    values = np.array(
        [[np.nan if (value := row[name]) is None else value for name in model.feature_names] for row in rows],
        dtype=np.float32,
    ).reshape(len(rows), len(model.feature_names))
    return _answer(model, values, as_of=None)


def _answer(model: ModelVersion, values: npt.NDArray[np.float32], *, as_of: date | None) -> Answers:
    pds = run_session(load_session(model), values)
    # A probability on an edge belongs to the tier above it, as in ModelVersion.tier_of.
    places = np.searchsorted(np.array(model.tier_edges), pds.astype(np.float64), side="right")
    tiers = Tier.values
    return Answers(model, as_of, timezone.now(), [float(pd) for pd in pds], [tiers[place] for place in places])
