"""Live models and challengers watched on small simulated books, without a training."""

import json
from collections.abc import Iterator
from datetime import date
from io import StringIO

import numpy as np
import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from borrowers.services import get_business_date, known_at, simulate_portfolio
from scoring.closing import watch
from scoring.engine.services import score_loans
from scoring.features.services import build_matrix
from scoring.ml.metrics import auc
from scoring.ml.stability import psi
from scoring.models import AlertThreshold, ModelReading, ModelVersion, Score, ShadowRun, ShadowScore, TrainingReference
from scoring.monitoring.services import describe_models, monitor_models
from scoring.registry.references import keep_reference
from scoring.registry.services import name_challenger
from scoring.training.cases import collect_over_time
from tests.models import person, promote, register_logistic

pytestmark = pytest.mark.django_db


@pytest.fixture
def champion() -> Iterator[ModelVersion]:
    """A champion of 200 loans, whose reference is how they stood at the end of January."""
    simulate_portfolio(loans=200, seed=11, months=12)
    model = register_logistic()
    day = date(2026, 1, 31)
    labelled = collect_over_time(purpose="default", at=[day], horizon_days=90)
    matrix = build_matrix(labelled.cases)
    p = np.linspace(0.05, 0.6, len(matrix))
    keep_reference(version=model, values=matrix.values, probabilities=p, names=matrix.names)
    yield promote(model)


def test_a_champion_is_read_back_and_its_figures_are_those_of_its_scores(champion: ModelVersion) -> None:
    score_loans()
    report = monitor_models(months=6)
    day = get_business_date()
    readings = {row.as_of: row for row in ModelReading.objects.filter(model=champion)}
    assert report.n_readings == len(readings) == 7
    newest, march = readings[day], readings[date(2026, 3, 31)]
    assert (newest.source, newest.stage, newest.outcome) == ("served", "fresh", None)
    assert newest.n_rows == Score.objects.filter(run__model=champion).count()
    assert (march.source, march.stage, march.window_days) == ("looking_back", "matured", 90)
    assert readings[date(2026, 5, 31)].stage == "early"
    assert march.stability is not None
    assert set(march.stability["features"]) == set(champion.feature_names)

    labelled = collect_over_time(purpose="default", at=[march.as_of], horizon_days=90)
    pds = dict(ShadowScore.objects.filter(run__as_of=march.as_of).values_list("loan_id", "pd"))
    pairs = [(y, pds[case.loan_id]) for case, y in zip(labelled.cases, labelled.y, strict=True) if case.loan_id in pds]
    y, p = np.array([one for one, _ in pairs], dtype=np.int8), np.array([one for _, one in pairs])
    assert march.outcome is not None
    assert (march.outcome["n"], march.outcome["n_bad"]) == (len(y), int(y.sum()))
    assert march.outcome["expected"] == pytest.approx(p.mean())
    if march.outcome["auc"] is not None:
        assert march.outcome["auc"] == pytest.approx(auc(y, p))

    assert monitor_models(months=6).n_readings == 0  # nothing is new
    assert not Score.objects.filter(run__as_of__lt=day).exists()  # nobody finds what was looked back


def test_psi_and_missing_rates_are_those_of_the_vectors(champion: ModelVersion) -> None:
    monitor_models(months=1)
    (reading,) = ModelReading.objects.filter(model=champion, as_of=date(2026, 5, 31))
    run = ShadowRun.objects.get(as_of=reading.as_of)
    vectors = np.array(
        [score.vector.values for score in ShadowScore.objects.filter(run=run).select_related("vector")],
        dtype=np.float64,
    )
    late = vectors[:, champion.feature_names.index("days_past_due")] > 90
    vectors = vectors[~late]  # the training had none
    reference = TrainingReference.objects.get(model=champion)
    for name in ("days_past_due", "days_since_last_payment"):
        column = vectors[:, champion.feature_names.index(name)]
        known, told = column[~np.isnan(column)], reference.features[name]
        counts = np.bincount(np.searchsorted(told["edges"], known, side="right"), minlength=len(told["shares"]))
        a = np.maximum(np.append(counts, np.isnan(column).sum()) / len(column), 1e-4)
        e = np.maximum([*told["shares"], told["missing"]], 1e-4)
        assert reading.stability is not None
        found = reading.stability["features"][name]
        assert found["psi"] == pytest.approx(float(np.sum((a - e) * np.log(a / e))))
        assert found["missing"] == pytest.approx(np.isnan(column).mean())


def test_a_challenger_scores_aside_at_the_close_and_treats_nobody(champion: ModelVersion) -> None:
    challenger = register_logistic(days_past_due=0.02)
    name_challenger(model=challenger, segment="1-30", named_by=person("proposer"), reason="to be compared")
    score_loans()
    n_scores = Score.objects.count()
    day = get_business_date()

    class Closing:
        began_at = known_at(as_of=day)

        def progress(self, done: int, total: int, message: str) -> None:
            """Tell nobody."""

    closing = Closing()
    closing.day = day  # type: ignore[attr-defined]
    figures = watch(closing)  # type: ignore[arg-type]
    assert figures["n_models"] == figures["n_readings"] == 2
    run = ShadowRun.objects.get()
    assert (run.model, run.kind, run.as_of) == (challenger, "shadow", day)
    late = Score.objects.filter(loan__delinquency__bucket="1-30", run__as_of=day).count()
    assert run.scores.count() == late > 0
    assert Score.objects.count() == n_scores
    one, other = describe_models()
    assert (one.is_challenger, other.is_challenger) == (False, True)
    assert other.readings[-1].source == "shadow"
    assert other.readings[-1].stability is None  # registered without a reference


def test_the_command_says_what_passes_a_threshold_and_thresholds_are_data(champion: ModelVersion) -> None:
    def ask() -> dict[str, object]:
        output = StringIO()
        call_command("monitor_models", months=1, json=True, stdout=output)
        return json.loads(output.getvalue())  # type: ignore[no-any-return]

    alerts = ask()["alerts"]
    assert "score_psi" in {alert["measure"] for alert in alerts}  # type: ignore[attr-defined]
    AlertThreshold.objects.update(is_on=False)
    assert ask()["alerts"] == []


def test_the_database_keeps_readings_and_shadow_scores_as_they_are(champion: ModelVersion) -> None:
    monitor_models(months=1)
    for table in ("scoring_modelreading", "scoring_shadowscore", "scoring_shadowrun", "scoring_trainingreference"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table}")
    with pytest.raises(DatabaseError, match="alert_acts_from_where_it_looks"), transaction.atomic():
        AlertThreshold.objects.filter(measure="score_psi").update(act=0.01)


def test_stability_leaves_out_the_late_loans_that_the_training_had_none_of(champion: ModelVersion) -> None:
    score_loans()
    monitor_models(months=0)
    reading = ModelReading.objects.get(model=champion)
    late = [
        score.vector.values[champion.feature_names.index("days_past_due")] > 90
        for score in Score.objects.filter(run__model=champion).select_related("vector")
    ]
    assert 0 < sum(late) < len(late) == reading.n_rows
    assert reading.stability is not None
    assert reading.stability["n_rows"] == len(late) - sum(late)
    reference = TrainingReference.objects.get(model=champion)
    kept = [
        score.pd for score, is_late in zip(Score.objects.filter(run__model=champion), late, strict=True) if not is_late
    ]
    shares = np.bincount(np.digitize(kept, reference.score_edges), minlength=len(reference.score_shares)) / len(kept)
    assert reading.stability["score_psi"] == pytest.approx(psi(reference.score_shares, shares))
