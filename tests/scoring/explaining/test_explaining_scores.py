"""Reasons of scores: computed from the registered bytes, kept, in words, and what would change them."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from numpy.typing import NDArray
from rest_framework.test import APIClient

from borrowers.services import set_business_date
from creditpath.accounts.models import Role, User
from scoring.engine.services import score_loans
from scoring.explaining.forest import read_forest
from scoring.explaining.next_tier import find_next_tier
from scoring.explaining.services import explain, explain_scores
from scoring.features.definition import FEATURE_NAMES
from scoring.ml.boosting import XGBoost
from scoring.ml.candidates import FittedModel
from scoring.ml.export import to_onnx
from scoring.models import Explanation, ModelVersion, ReasonPhrase, Score, Tier
from scoring.registry.services import load_session, register_model, run_session
from tests.factories import make_loan
from tests.models import PROOF, promote, promote_logistic

pytestmark = pytest.mark.django_db

DAY = date(2026, 6, 30)
LATE = FEATURE_NAMES.index("days_past_due")
OVERDUE = FEATURE_NAMES.index("overdue_ratio")


@pytest.fixture(scope="module")
def graph() -> bytes:
    """Return a forest for which days past due and the overdue share make loans risky."""
    random = np.random.default_rng(3)
    x = random.random((2000, len(FEATURE_NAMES))).astype(np.float32)
    x[:, LATE] = random.integers(0, 91, len(x))
    x[random.random(x.shape) < 0.1] = np.nan
    log_odds = -3 + 0.08 * np.nan_to_num(x[:, LATE]) + np.nan_to_num(x[:, OVERDUE])
    y = (random.random(len(x)) < 1 / (1 + np.exp(-log_odds))).astype(np.int8)
    learner = XGBoost(seed=0, threads=1, rounds=30, max_depth=3)
    learner.fit(x, y)
    return to_onnx(FittedModel(learner, 0.9, 0.1, 0.5, np.zeros(1), 0.0), n_features=x.shape[1])


@pytest.fixture
def champion(graph: bytes) -> ModelVersion:
    model = register_model(
        purpose="default", algorithm="xgboost", onnx=graph, target={"at": "monthly", "horizon_days": 120},
        data_window={"rows": 2000}, metrics={"auc": 0.8}, parity=PROOF, threshold=0.5,
        tier_edges=[0.1, 0.3, 0.6], is_simulated=True,
    )  # fmt: skip
    promote(model)
    return model


@pytest.fixture
def scores(champion: ModelVersion) -> list[Score]:
    """Return the scores of a loan 60 days late and one that is paid to the day."""
    set_business_date(day=DAY)
    for late in (60, 0):
        due = DAY - timedelta(days=60)
        make_loan(instalments=[(due, 100), (DAY + timedelta(days=60), 100)], payments=[] if late else [(due, 100)])
    score_loans()
    return read_scores()


def read_scores() -> list[Score]:
    return list(Score.objects.published().select_related("run__model", "vector", "explanation").order_by("loan_id"))


def test_a_late_loan_says_in_words_that_being_late_raises_its_risk(scores: list[Score]) -> None:
    late, current = scores

    found = explain(scores=scores)

    assert "The oldest unpaid instalment is 60 days past due" in [
        one.text for one in found[late.pk].reasons if one.raises_risk
    ]
    (of_current,) = [one for one in found[current.pk].reasons if one.feature == "days_past_due"]
    assert (of_current.text, of_current.raises_risk) == ("The oldest unpaid instalment is 0 days past due", False)
    assert all(len(each.reasons) <= 4 for each in found.values())


def test_contributions_and_base_lead_to_the_published_probability(scores: list[Score]) -> None:
    for score, found in zip(scores, explain(scores=scores).values(), strict=True):
        assert 1 / (1 + np.exp(-(0.9 * found.margin + 0.1))) == pytest.approx(score.pd, abs=1e-6)


def test_kept_and_fresh_explanations_are_the_same(scores: list[Score]) -> None:
    fresh = explain(scores=scores)

    report = explain_scores(score_ids=[score.pk for score in scores])

    assert (report.written, report.refused) == (2, {})
    for pk, kept in explain(scores=read_scores()).items():
        assert kept.contributions == pytest.approx(fresh[pk].contributions, abs=1e-9)
    assert explain_scores(score_ids=[score.pk for score in scores]).written == 0


def test_what_would_change_it_does_change_it(scores: list[Score], champion: ModelVersion) -> None:
    late = scores[0]
    (found,) = explain(scores=[late]).values()
    nearer = found.next_tier
    assert nearer is not None
    assert nearer.change is not None
    assert Tier.values.index(nearer.tier) == Tier.values.index(late.tier) - 1

    row = np.array([late.vector.values], dtype=np.float32)
    row[0, FEATURE_NAMES.index(nearer.change.feature)] = nearer.change.wanted
    assert (
        champion.tier_of(float(run_session(load_session(champion), row)[0]))
        in Tier.values[: Tier.values.index(late.tier)]
    )
    assert nearer.probability_paid_up is not None
    assert nearer.probability_paid_up < late.pd


def test_a_loan_in_the_lowest_tier_needs_no_change(scores: list[Score]) -> None:
    current = scores[1]
    current.tier = Tier.LOW
    assert explain(scores=[current])[current.pk].next_tier is None


def test_admins_say_what_is_told(scores: list[Score]) -> None:
    late = scores[0]
    ReasonPhrase.objects.filter(feature="days_past_due").update(text="Behind by {value}")
    ReasonPhrase.objects.filter(feature="overdue_ratio").update(is_told=False)

    told = {one.feature: one.text for one in explain(scores=[late])[late.pk].reasons}

    assert told["days_past_due"] == "Behind by 60 days"
    assert "overdue_ratio" not in told


def test_every_feature_has_words() -> None:
    assert set(ReasonPhrase.objects.values_list("feature", flat=True)) == set(FEATURE_NAMES)


def test_explaining_many_scores_takes_as_many_queries_as_explaining_one(scores: list[Score]) -> None:
    explain(scores=scores)  # reads the model's bytes
    with CaptureQueriesContext(connection) as one:
        explain(scores=scores[:1])
    with CaptureQueriesContext(connection) as both:
        explain(scores=scores)
    assert len(one) == len(both) == 1


def test_kept_explanations_are_never_changed(scores: list[Score]) -> None:
    explain_scores(score_ids=[scores[0].pk])
    for statement in ("UPDATE scoring_explanation SET base_margin = 0", "DELETE FROM scoring_explanation"):
        with (
            pytest.raises(IntegrityError, match="its rows are never changed"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    assert Explanation.objects.get().score_id == scores[0].pk


def test_a_model_that_is_no_forest_says_so() -> None:
    promote_logistic()
    set_business_date(day=DAY)
    make_loan(instalments=[(DAY - timedelta(days=5), 100)])
    score_loans()
    (score,) = Score.objects.select_related("run__model")

    found = explain(scores=[score])[score.pk]

    assert (found.reasons, found.refusal) == (
        (),
        "The model is not one sum of trees, so its contributions cannot be computed.",
    )
    assert explain_scores(score_ids=[score.pk]).refused


def test_a_score_that_the_contributions_do_not_lead_to_is_not_explained(scores: list[Score]) -> None:
    late = scores[0]
    late.pd = 0.01
    assert "other probabilities" in explain(scores=[late])[late.pk].refusal


def test_the_api_tells_contributions_reasons_and_what_would_change_it(
    scores: list[Score], people: dict[Role, User]
) -> None:
    client = APIClient()
    client.force_authenticate(people[Role.INTEGRATION])

    told = client.get(f"/api/v1/scores/{scores[0].pk}/explanation/").json()

    assert told["base_margin"] + sum(told["contributions"].values()) == pytest.approx(told["margin"])
    assert set(told["contributions"]) == set(FEATURE_NAMES)
    assert told["reasons"][0]["feature"] == "days_past_due"
    assert told["next_tier"]["change"]["wanted"] < told["next_tier"]["change"]["value"]


@pytest.mark.parametrize(("strict", "least"), [(True, 30), (False, 31)])
def test_the_least_change_of_days_is_the_last_day_on_the_better_side(graph: bytes, strict: bool, least: int) -> None:
    splits = np.array([LATE] * 40, dtype=np.int32)
    forest = replace(read_forest(graph), strict=strict, feature=splits, threshold=np.arange(1, 41, dtype=np.float32))
    row = np.zeros(len(FEATURE_NAMES), dtype=np.float32)
    row[LATE] = 60

    def predict(rows: NDArray[np.float32]) -> NDArray[np.float64]:
        late = rows[:, LATE]
        return np.where((late < 31) if strict else (late <= 31), 0.05, 0.2)

    found = find_next_tier(
        forest, predict, names=FEATURE_NAMES, row=row, tier_edges=[0.1, 0.3, 0.6], tiers=Tier.values, tier=Tier.MEDIUM
    )

    assert found is not None
    assert found.change is not None
    assert (found.change.feature, found.change.wanted) == ("days_past_due", least)
