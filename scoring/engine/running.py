"""One run of one model over the loans of a day: cases, vectors, probabilities, scores, published."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import compress
from time import monotonic
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db import connection, transaction
from django.utils import timezone

from creditpath.sql import copy_rows, load
from scoring.engine.reports import ScoringReport
from scoring.errors import UnknownEngine
from scoring.features.cases import Case, cases_at_approval, in_chunks
from scoring.features.definition import FEATURE_SET
from scoring.features.services import as_arrays, read_vectors, write_vectors
from scoring.models import ModelVersion, ScoringRun, ShadowRun, Tier
from scoring.registry.services import Champion, check_fit, load_session, run_session

ROWS_AT_ONCE = 20_000
SCORE_COLUMNS = ("run_id", "loan_id", "vector_id", "pd", "tier", "scored_at")
NOT_A_PROBABILITY = "the model gave no probability"
NO_VECTOR = "no features could be computed"
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Population:
    """The loans on the books on a day: those that owe, in order, with their buckets; how many others there are and why."""

    owing: Sequence[int]
    left_out: dict[str, int]
    buckets: Sequence[str]

    def served_by(self, champion: Champion) -> "Population":
        """Return those loans that a champion is there for; another champion's count as left out."""
        if not champion.segment and not champion.elsewhere:
            return self
        kept = [champion.takes(bucket) for bucket in self.buckets]
        others = len(kept) - sum(kept)
        return Population(
            owing=list(compress(self.owing, kept)),
            left_out=self.left_out | ({"served by the model of another segment": others} if others else {}),
            buckets=list(compress(self.buckets, kept)),
        )


def choose_engine(name: str) -> str:
    """Return the engine that will be used for a name; raises UnknownEngine."""
    if name not in ("auto", "onnxruntime"):
        raise UnknownEngine(f"There is no engine {name!r}; there are: auto, onnxruntime.")
    return "onnxruntime"


def find_population(*, as_of: date, known: datetime, loans: Sequence[int] | None = None) -> Population:
    """Tell loans that owe from those paid off or written off, by delinquency as of the day, as far as is known."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT loan_id, bucket FROM delinquency_as_of(%s, %s, %s::bigint[]) ORDER BY loan_id",
            [as_of, known, None if loans is None else list(loans)],
        )
        rows = cursor.fetchall()
    settled = {
        "paid_off": "paid off", "written_off": "written off", "sold": "sold", "closed": "closed",
        "unknown": "days past due not known",
    }  # fmt: skip
    owing = [(loan_id, bucket) for loan_id, bucket in rows if bucket not in settled]
    return Population(
        owing=[loan_id for loan_id, _ in owing],
        buckets=[bucket for _, bucket in owing],
        left_out=dict(Counter(settled[bucket] for _, bucket in rows if bucket in settled)),
    )


def find_cases(model: ModelVersion, *, loans: Sequence[int], as_of: date, known: datetime) -> list[Case]:
    """Return what a model is to be asked about loans: as it was trained, so at approval, or as the loans stand on the day."""
    if model.target.get("at") == "approved_on":
        return cases_at_approval(loans)
    return [Case(loan_id, as_of, known) for loan_id in loans]


def run_model(
    model: ModelVersion,
    *,
    kind: str,
    engine: str,
    population: Population,
    as_of: date,
    known: datetime,
    on_publish: Callable[[], None] = lambda: None,
    progress: Progress = lambda done, total, message: None,
) -> ScoringReport:
    """Score a population with one model and publish the run, which is what makes its scores count.

    The run is noted first, vectors are kept as they are computed, and scores, counts and published_at come in one transaction
    in which on_publish takes part: a run that is killed leaves an unpublished note and vectors that the next one uses. Memory is
    one chunk of ROWS_AT_ONCE loans beside the list of cases. Raises ModelDoesNotFit and ModelTampered.
    """
    began = monotonic()
    check_fit(model)
    session = load_session(model)
    cases = find_cases(model, loans=population.owing, as_of=as_of, known=known)
    run = ScoringRun.objects.create(model=model, kind=kind, engine=engine, as_of=as_of, known_at=known)
    write_vectors(cases, progress=lambda done, total, message: progress(done, 2 * total, message))
    scorer = Scorer(run=run, model=model, session=session, unscored=Counter())
    with transaction.atomic():
        done = 0
        with connection.cursor() as cursor:
            for chunk in in_chunks(cases, ROWS_AT_ONCE):
                run.n_scored += copy_rows(cursor, "scoring_score", SCORE_COLUMNS, scorer.score(chunk))
                done += len(chunk)
                progress(len(cases) + done, 2 * len(cases), "scores")
        run.n_unscored = scorer.unscored.total()
        run.published_at = timezone.now()
        run.save(update_fields=["n_scored", "n_unscored", "published_at"])
        on_publish()
    return ScoringReport(
        run=run.pk,
        model=model.name,
        purpose=model.purpose,
        engine=engine,
        as_of=as_of,
        n_scored=run.n_scored,
        unscored=dict(scorer.unscored),
        left_out=population.left_out,
        seconds=monotonic() - began,
    )


@dataclass(frozen=True)
class Scorer:
    """Turns cases into rows of scoring_score, or of scoring_shadowscore, which has the same columns."""

    run: ScoringRun | ShadowRun
    model: ModelVersion
    session: Any
    unscored: Counter[str]

    def score(self, cases: Sequence[Case]) -> list[tuple[Any, ...]]:
        """Return one row per case that can be scored, and count the others. Ends before a COPY can begin on the connection."""
        with connection.cursor() as cursor:
            cursor.execute(
                load("scoring", "read_vectors.sql"),
                as_arrays(cases) | {"feature_set": FEATURE_SET},
            )
            rows = cursor.fetchall()
        if missing := len(cases) - len(rows):
            self.unscored[NO_VECTOR] += missing
        if not rows:
            return []
        pd = run_session(self.session, read_vectors(text for _, _, text in rows)).astype(np.float64)
        is_probability = (pd >= 0) & (pd <= 1)  # a NaN compares false
        if not is_probability.all():
            self.unscored[NOT_A_PROBABILITY] += int((~is_probability).sum())
        now = timezone.now()
        tiers = tiers_of(self.model, pd)
        return [
            (self.run.pk, loan_id, vector_id, value, tier, now)
            for (vector_id, loan_id, _), value, tier, counts in zip(
                rows, pd.tolist(), tiers, is_probability, strict=True
            )
            if counts
        ]


def tiers_of(model: ModelVersion, pd: npt.NDArray[np.float64]) -> list[str]:
    """Return ModelVersion.tier_of for many probabilities at once."""
    names = np.array(Tier.values)
    return names[np.searchsorted(np.asarray(model.tier_edges), np.nan_to_num(pd), side="right")].tolist()
