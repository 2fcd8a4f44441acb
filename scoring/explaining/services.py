"""Explain scores: on demand, and ahead of time for those that somebody will look at."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.errors import CannotExplain, ModelTampered
from scoring.explaining.forest import Floats, Forest, read_forest
from scoring.explaining.next_tier import NextTier, find_next_tier
from scoring.explaining.phrases import Phrase
from scoring.explaining.reasons import Reason, find_reasons, say
from scoring.explaining.shapley import explain_rows
from scoring.models import Explanation, FeatureVector, ModelVersion, Purpose, ReasonPhrase, Score, Tier
from scoring.registry.services import load_session, run_session
from scoring.registry.sessions import OncePerModel

AT_ONCE = 20_000
LARGEST_GAP = 1e-5  # between a published probability and the one that the contributions sum to

load_forest = OncePerModel(read_forest)


@dataclass(frozen=True)
class ScoreExplanation:
    """Why a score is what it is: `base_margin` and the contributions sum to the margin, calibration comes after.

    `contributions` is in the order of the model's feature_names; `refusal` says why there are none.
    """

    score: Score
    base_margin: float = 0.0
    contributions: tuple[float, ...] = ()
    reasons: tuple[Reason, ...] = ()
    next_tier: NextTier | None = None
    words_of_change: str = ""
    refusal: str = ""

    @property
    def margin(self) -> float:
        return self.base_margin + sum(self.contributions)

    @property
    def by_feature(self) -> dict[str, float]:
        return dict(zip(self.score.run.model.feature_names, self.contributions, strict=False))


@dataclass(frozen=True)
class ExplainReport:
    """How many scores were explained and kept, and which models cannot be explained."""

    n_asked: int
    written: int
    refused: dict[str, str]
    seconds: float

    def summary(self) -> str:
        refused = "".join(f" {model}: {why}" for model, why in self.refused.items())
        return f"{self.n_asked:,} scores: {self.written:,} explained and kept ({self.seconds:.1f} s).{refused}"

    def as_json(self) -> dict[str, Any]:
        return {
            "n_asked": self.n_asked, "written": self.written, "refused": self.refused, "seconds": round(self.seconds, 3),
        }  # fmt: skip


def explain_scores(*, score_ids: Iterable[int]) -> ExplainReport:
    """Compute and keep the contributions of scores that have none yet; a model that cannot be explained is told, not raised.

    Cost: one query per AT_ONCE scores and model, some hundred microseconds a score. Two at once keep one explanation a score.
    """
    from scoring.explaining.kernel import explain_many  # compiled code, which pages do without

    began = monotonic()
    asked = sorted(set(score_ids))
    missing = list(
        Score.objects.filter(id__in=asked, explanation__isnull=True)
        .order_by("run__model_id", "id")
        .values_list("run__model_id", "id")
    )
    written, refused = 0, {}
    for model_id, rows in groupby(missing, key=lambda row: row[0]):
        model = ModelVersion.objects.get(pk=model_id)
        ids = [score_id for _, score_id in rows]
        try:
            forest = load_forest(model)
            for at in range(0, len(ids), AT_ONCE):
                scores = list(
                    Score.objects.filter(id__in=ids[at : at + AT_ONCE]).select_related("vector").order_by("id")
                )
                found = explain_many(forest, _matrix([score.vector for score in scores]))
                _check(forest, found, scores)
                Explanation.objects.bulk_create(
                    [
                        Explanation(score=score, base_margin=forest.expected_margin, contributions=parts.tolist())
                        for score, parts in zip(scores, found, strict=True)
                    ],
                    ignore_conflicts=True,
                )
                written += len(scores)
        except (CannotExplain, ModelTampered) as refusal:
            refused[model.name] = refusal.detail
    return ExplainReport(len(asked), written, refused, monotonic() - began)


def explain(*, scores: Sequence[Score], currencies: dict[int, str] | None = None) -> dict[int, ScoreExplanation]:
    """Return explanations of scores by score id: kept ones, and the others computed now and not kept.

    One query, if the scores came with `run__model`, `vector` and `explanation`; some milliseconds a score. `currencies` is by
    loan id. A score that cannot be explained comes with the reason why.
    """
    phrases = read_phrases()
    answers = {}
    for score in scores:
        try:
            answers[score.pk] = _explain(score, phrases, (currencies or {}).get(score.loan_id, ""))
        except (CannotExplain, ModelTampered) as refusal:
            answers[score.pk] = ScoreExplanation(score, refusal=refusal.detail)
    return answers


def read_phrases() -> dict[str, Phrase]:
    """Return the dictionary: of each feature that may be told, what is said of it."""
    return {
        row.feature: Phrase(row.feature, row.text, row.if_missing) for row in ReasonPhrase.objects.filter(is_told=True)
    }


def _explain(score: Score, phrases: dict[str, Phrase], currency: str) -> ScoreExplanation:
    model, vector = score.run.model, score.vector
    kept: Explanation | None = getattr(score, "explanation", None)
    forest, row = load_forest(model), _matrix([vector])
    if kept is None:
        contributions = explain_rows(forest, row)
        _check(forest, contributions, [score])
        base, parts = forest.expected_margin, tuple(contributions[0].tolist())
    else:
        base, parts = kept.base_margin, tuple(kept.contributions)
    goes_down = model.purpose == Purpose.PAYS_30
    session = load_session(model)
    nearer = (
        None
        if goes_down
        else find_next_tier(
            forest, lambda rows: run_session(session, rows), names=model.feature_names, row=row[0],
            tier_edges=model.tier_edges, tiers=Tier.values, tier=score.tier,
        )
    )  # fmt: skip
    return ScoreExplanation(
        score, base, parts,
        reasons=find_reasons(
            names=model.feature_names, values=vector.values, contributions=parts, phrases=phrases, currency=currency,
            goes_down=goes_down,
        ),
        next_tier=nearer,
        words_of_change=_words(nearer, phrases, currency),
    )  # fmt: skip


def _words(nearer: NextTier | None, phrases: dict[str, Phrase], currency: str) -> str:
    if nearer is None or nearer.change is None:
        return ""
    change = nearer.change
    phrase = phrases.get(change.feature) or Phrase(change.feature, f"{change.feature.replace('_', ' ')}: {{value}}")
    return say(phrase, change.wanted, currency)


def _matrix(vectors: Sequence[FeatureVector]) -> NDArray[np.float32]:
    return np.array(
        [[np.nan if value is None else value for value in vector.values] for vector in vectors], dtype=np.float32
    )


def _check(forest: Forest, contributions: Floats, scores: Sequence[Score]) -> None:
    """Refuse contributions that do not lead to the published probabilities: they would explain something else."""
    log_odds = forest.slope * (contributions.sum(axis=1) + forest.expected_margin) + forest.intercept
    gap = np.abs(1 / (1 + np.exp(-log_odds)) - np.array([score.pd for score in scores]))
    if len(gap) and gap.max() > LARGEST_GAP:
        raise CannotExplain(
            f"The contributions lead to other probabilities than were published, by up to {gap.max():.1e}."
        )
