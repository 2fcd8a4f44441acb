"""PSI, AUC and calibration from counts, against what is known of them."""

from math import log
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from scoring.ml.metrics import auc_interval
from scoring.ml.stability import inner_edges, shares_of
from scoring.monitoring.alerts import find_alerts, judge_overrides
from scoring.monitoring.measuring import measure_feature, measure_outcome, measure_scores
from scoring.thresholds import Threshold

THRESHOLDS = {
    "score_psi": Threshold(0.1, 0.25), "feature_psi": Threshold(0.1, 0.25), "missing_rate": Threshold(0.05, 0.15),
    "auc_drop": Threshold(0.03, 0.06), "calibration": Threshold(2, 3), "overrides": Threshold(0.2, 0.4),
}  # fmt: skip


def test_psi_is_that_of_the_formula_and_nothing_moved_is_zero() -> None:
    assert measure_scores([0.5, 0.5], {0: 50, 1: 50}) == 0
    assert measure_scores([0.5, 0.5], {0: 80, 1: 20}) == pytest.approx(0.3 * log(0.8 / 0.5) - 0.3 * log(0.2 / 0.5))
    assert 0 < measure_scores([0.5, 0.5, 0.0], {0: 50, 1: 50, 2: 1}) < 0.1  # a bin that training never saw


def test_bins_put_a_value_on_an_edge_above_it_as_the_database_does() -> None:
    values = np.array([0.0, 0.0, 0.0, 1.0])
    edges = inner_edges(values)
    shares = shares_of(values, edges)
    assert edges[0] == 0.0
    assert sum(shares) == pytest.approx(1)
    assert shares[0] == 0  # nothing lies below the first edge


def test_no_value_is_a_bin_of_its_own() -> None:
    reference = {"edges": [1.0], "shares": [0.5, 0.5], "missing": 0.0}
    found = measure_feature(reference, {0: 25, 1: 25, -1: 50})
    assert found["missing"] == 0.5
    assert found["psi"] > 0.25


def lines(y: Any, p: Any) -> list[dict[str, Any]]:
    """Return what outcomes.sql answers, one tier above and one below a half."""
    ranks = np.array([np.sum(p < one) + (np.sum(p == one) + 1) / 2 for one in p])
    return [
        {
            "tier": tier, "n": int(rows.sum()), "n_bad": int(y[rows].sum()), "expected": float(p[rows].sum()),
            "variance": float((p[rows] * (1 - p[rows])).sum()), "squares": float(((p[rows] - y[rows]) ** 2).sum()),
            "rank_sum": float(ranks[rows & (y == 1)].sum()),
        }
        for tier, rows in (("low", p < 0.5), ("high", p >= 0.5))
    ]  # fmt: skip


def test_auc_is_that_of_training_and_its_interval_near_it() -> None:
    random = np.random.default_rng(3)
    p = random.random(800).round(2)
    y = (random.random(800) < p).astype(np.int8)
    found = measure_outcome(lines(y, p))
    assert found is not None
    auc, low, high = auc_interval(y, p)
    assert found["auc"] == pytest.approx(auc)
    assert (found["auc_low"], found["auc_high"]) == pytest.approx((low, high), abs=0.01)
    assert abs(found["z"]) < 3
    assert found["n_bad"] == y.sum()
    assert set(found["tiers"]) == {"low", "high"}
    assert measure_outcome([]) is None
    few = measure_outcome(lines(y[:12], p[:12]))
    assert few is not None
    assert few["auc"] is None


def reading(**told: Any) -> Any:
    whole = {
        "as_of": "2026-06-30",
        "stability": None,
        "outcome": None,
        "stage": "matured",
        "is_unseen": True,
        "window_days": 120,
        "n_rows": 3000,
    }
    return SimpleNamespace(**whole | told)


def outcome(**told: Any) -> dict[str, Any]:
    whole = {
        "auc": 0.8,
        "auc_low": 0.78,
        "auc_high": 0.82,
        "z": 0.0,
        "n": 1000,
        "n_bad": 100,
        "expected": 0.1,
        "observed": 0.1,
    }
    return whole | told


def alarmed(*readings: Any, auc: float = 0.8) -> list[tuple[str, str]]:
    found = find_alerts("m", readings, auc_in_training=auc, thresholds=THRESHOLDS)
    return [(alert.measure, alert.level) for alert in found]


def test_what_moved_alarms_and_the_graver_comes_first() -> None:
    feature = {"psi": 0.3, "missing": 0.1, "missing_in_training": 0.0}
    stability = {
        "score_psi": 0.12,
        "features": {
            "days_past_due": feature,
            "days_on_book": feature,
            "instalments": {**feature, "psi": 0.0, "missing": 0},
        },
    }
    assert alarmed(reading(stability=stability)) == [
        ("feature_psi", "act"),
        ("missing_rate", "look"),
        ("score_psi", "look"),
    ]


def test_what_grows_with_the_books_or_chance_explains_does_not_alarm() -> None:
    feature = {"psi": 0.9, "missing": 0.1, "missing_in_training": 0.9}
    older = {"score_psi": 0.0, "features": {"days_on_book": feature, "days_since_last_settlement": feature}}
    assert alarmed(reading(stability=older)) == []
    few = {"score_psi": 0.2, "features": {"days_past_due": {"psi": 0.2, "missing": 0.15, "missing_in_training": 0.05}}}
    assert alarmed(reading(stability=few, n_rows=100)) == []
    assert len(alarmed(reading(stability=few, n_rows=900))) == 3


@pytest.mark.parametrize(
    ("told", "alarms"),
    [
        ({}, []),
        ({"auc": 0.72, "auc_high": 0.75}, [("auc_drop", "act")]),
        ({"auc": 0.72, "auc_high": 0.81}, []),  # within chance
        ({"z": -2.5}, [("calibration", "look")]),
        ({"z": 4.0}, [("calibration", "act")]),
    ],
)
def test_outcomes_alarm_where_chance_does_not_explain_them(told: dict[str, Any], alarms: list[Any]) -> None:
    assert alarmed(reading(outcome=outcome(**told))) == alarms
    assert alarmed(reading(outcome=outcome(**told), is_unseen=False)) == []


def test_an_early_read_alarms_only_where_too_many_events_came_already() -> None:
    assert alarmed(reading(stage="early", outcome=outcome(z=-9.0))) == []
    assert alarmed(reading(stage="early", outcome=outcome(z=3.5))) == [("calibration", "act")]


def test_overrides_alarm_by_their_share() -> None:
    assert judge_overrides(0, 0, THRESHOLDS) is None
    assert judge_overrides(9, 19, THRESHOLDS) is None  # too few to say anything
    assert judge_overrides(10, 100, THRESHOLDS) is None
    found = judge_overrides(50, 100, THRESHOLDS)
    assert found is not None
    assert found.level == "act"
