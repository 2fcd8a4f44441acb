"""Scores on demand, kept nowhere: of loans as they stand this moment, or of features that somebody makes up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import numpy.typing as npt
from django.utils import timezone

from borrowers.services import get_business_date, known_at
from scoring.engine.running import NOT_A_PROBABILITY, find_cases, find_population, tiers_of
from scoring.features.services import build_matrix
from scoring.models import ModelVersion
from scoring.registry.services import check_fit, get_champion, get_live, load_session, run_session

SETTLED = "it is paid off or written off"
NOT_SERVED = "no model is live for its days past due"


@dataclass(frozen=True)
class Answer:
    """A probability and its tier, or the reason why there is none."""

    pd: float | None
    tier: str | None
    reason: str = ""
    model: str = ""


@dataclass(frozen=True)
class Answers:
    """What is answered, in the order of the question; as_of is None for features that were made up.

    `model` is the champion for all loans; an answer names its own, which may be that of a segment.
    """

    model: ModelVersion
    as_of: date | None
    scored_at: datetime
    results: list[Answer]


def ask_loans(*, loan_ids: Sequence[int], purpose: str | None = None) -> Answers:
    """Score loans by the champion from features computed now; a fixed number of queries, whatever the number of loans.

    Raises NoChampion, ModelDoesNotFit, ModelTampered, NoBusinessDate.
    """
    own = get_live(purpose)
    for champion in own:
        check_fit(champion.model)
    day = get_business_date()
    known = known_at(as_of=day)
    population = find_population(as_of=day, known=known, loans=list(dict.fromkeys(loan_ids)))
    by_loan: dict[int, Answer] = dict.fromkeys(population.owing, Answer(None, None, NOT_SERVED))
    for champion in own:
        owing = population.served_by(champion).owing
        cases = find_cases(champion.model, loans=owing, as_of=day, known=known)
        if len(own) == 1 or cases:
            answers = _ask(champion.model, build_matrix(cases).values)
            by_loan |= {case.loan_id: answer for case, answer in zip(cases, answers, strict=True)}
    settled = Answer(None, None, SETTLED)
    return Answers(own[0].model, day, timezone.now(), [by_loan.get(loan_id, settled) for loan_id in loan_ids])


def ask_features(*, rows: Sequence[Mapping[str, float | None]], purpose: str | None = None) -> Answers:
    """Score rows of features by the champion; None is a missing value. Raises NoChampion, ModelTampered and, for a feature
    that is left out, KeyError."""
    model = get_champion(purpose)
    values = np.array(
        [[np.nan if (value := row[name]) is None else value for name in model.feature_names] for row in rows],
        dtype=np.float32,
    ).reshape(len(rows), len(model.feature_names))
    return Answers(model, None, timezone.now(), _ask(model, values))


def _ask(model: ModelVersion, values: npt.NDArray[np.float32]) -> list[Answer]:
    pds = run_session(load_session(model), values).astype(np.float64)
    is_probability = (pds >= 0) & (pds <= 1)  # a NaN compares false
    return [
        Answer(pd, tier, model=model.name) if counts else Answer(None, None, NOT_A_PROBABILITY, model.name)
        for pd, tier, counts in zip(pds.tolist(), tiers_of(model, pds), is_probability, strict=True)
    ]
