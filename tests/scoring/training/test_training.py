"""From a small simulated portfolio to registered models, by verb, command and job."""

import io
import json
import os
import threading
import time
from collections.abc import Callable
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from borrowers.errors import NoBusinessDate
from creditpath.jobs.errors import JobCancelled
from creditpath.jobs.services import Running, current
from scoring.errors import PromotionRefused
from scoring.features.definition import FEATURE_NAMES
from scoring.features.directions import directions_of
from scoring.models import ModelVersion
from scoring.registry.services import find_champion, load_session, propose_promotion, run_session
from scoring.training import jobs
from scoring.training.cases import collect_over_time
from scoring.training.errors import OneClass, TooFewRows, TrainingRefused
from scoring.training.jobs import as_arguments, train_in_process
from scoring.training.services import train_models
from tests.factories import make_loan, make_user

KEYS = {"purpose", "n_rows", "bad_rate", "split", "leaks", "candidates", "champion", "baseline_auc", "warnings"}
CANDIDATE_KEYS = {
    "name", "version", "auc", "auc_low", "auc_high", "gini", "ks", "brier", "ece", "threshold", "precision", "recall",
    "meets_kpi", "onnx_max_abs_diff", "train_seconds",
}  # fmt: skip

pytestmark = pytest.mark.django_db


def ask(*arguments: str, **options: Any) -> dict[str, Any]:
    output = io.StringIO()
    call_command("train_models", *arguments, json=True, stdout=output, **options)
    answer = json.loads(output.getvalue())
    assert isinstance(answer, dict)
    return answer


def test_training_registers_three_proven_models_and_recommends_one(seeded_books: None) -> None:
    answer = ask()
    assert set(answer) == KEYS
    assert [candidate["name"] for candidate in answer["candidates"]] == ["logistic", "xgboost", "lightgbm"]
    for candidate in answer["candidates"]:
        assert set(candidate) == CANDIDATE_KEYS
        assert 0.6 < candidate["auc_low"] <= candidate["auc"] <= candidate["auc_high"]
        assert candidate["onnx_max_abs_diff"] <= 1e-6
        model = ModelVersion.objects.get(name=candidate["version"])
        assert model.sha256 == sha256(bytes(model.onnx)).hexdigest()
        assert model.feature_names == list(FEATURE_NAMES)
        assert model.parity["n_rows"] >= 100_000
        assert model.metrics["auc"] == candidate["auc"]
        assert model.threshold == candidate["threshold"]
        assert model.tier_edges == sorted(model.tier_edges)
        assert model.target["at"] == "monthly"
        assert model.target["horizon_days"] == 120
        assert model.data_window["rows"] == answer["n_rows"]
        assert len(model.data_window["matrix_sha256"]) == 64
        assert set(model.library_versions) >= {"scikit-learn", "xgboost-cpu", "lightgbm", "onnxruntime", "python"}
        assert model.is_simulated
        never_safer_with_more_days_late(model)
    assert answer["champion"] in {candidate["version"] for candidate in answer["candidates"]}
    assert find_champion("default") is None  # recommending is not promoting


def never_safer_with_more_days_late(model: ModelVersion) -> None:
    assert "days_past_due" in model.parameters["directions"]["rises"]
    rows = np.random.default_rng(1).uniform(0, 90, size=(50, 91, len(FEATURE_NAMES))).astype(np.float32)
    rows[:, 1:] = rows[:, :1]
    rows[:, :, FEATURE_NAMES.index("days_past_due")] = np.arange(91)
    p = run_session(load_session(model), rows.reshape(-1, len(FEATURE_NAMES))).reshape(50, 91)
    assert np.diff(p, axis=1).min() >= -1e-7


def test_directions_are_of_features_that_there_are_and_of_default_alone() -> None:
    rises, falls = directions_of("default")
    assert rises | falls <= set(FEATURE_NAMES)
    assert not rises & falls
    assert not any(directions_of("pays_30") + directions_of("attribute:outcome"))


def test_training_again_gives_the_same_bytes_under_the_next_number(seeded_books: None) -> None:
    first, second = (train_models(candidates=["xgboost"]) for _ in range(2))
    assert (first.champion, second.champion) == ("default-xgboost-1", "default-xgboost-2")
    hashes = ModelVersion.objects.values_list("sha256", flat=True)
    assert len(set(hashes)) == 1


def test_training_is_in_the_name_of_whoever_trains_and_promotes_nothing(seeded_books: None) -> None:
    data_scientist = make_user("data_scientist")
    answer = ask("--purpose", "pays_30", "--candidates", "logistic", "--as", data_scientist.username)
    model = ModelVersion.objects.get(name=answer["champion"])
    assert model.trained_by == data_scientist
    assert model.target["horizon_days"] == 30
    assert model.code_version
    assert find_champion("pays_30") is None


def test_segment_is_learned_from_its_own_loans_and_the_model_serves_it_alone(seeded_books: None) -> None:
    answer = ask("--purpose", "pays_30", "--segment", "1-30", "--candidates", "logistic")
    model = ModelVersion.objects.get(name=answer["champion"])
    assert model.segment == "1-30"
    assert list(model.metrics["by_segment"]) == ["1-30"]
    assert "1–30 days past due" in model.target["population"]
    assert answer["n_rows"] < len(collect_over_time(purpose="pays_30", at="monthly", horizon_days=None).cases)
    with pytest.raises(PromotionRefused, match="it can serve that one alone"):
        propose_promotion(
            model=model, reason="for all loans", proposed_by=make_user("data_scientist"), in_spite_of="a try"
        )
    with pytest.raises(TrainingRefused, match="when no loan is in a bucket"):
        train_models(target="attribute:outcome", bad="Bad", at="approved_on", segment="1-30")


def test_days_may_be_given(seeded_books: None) -> None:
    answer = ask("--purpose", "pays_30", "--at", "2025-12-31,2026-02-28", "--candidates", "logistic")
    model = ModelVersion.objects.get(name=answer["champion"])
    assert model.target["at"] == ["2025-12-31", "2026-02-28"]
    assert model.data_window["n_days"] == 2


def test_short_history_is_split_by_borrower_and_the_answer_says_so(seeded_books: None) -> None:
    answer = ask("--purpose", "pays_30", "--at", "2026-02-15,2026-02-28", "--candidates", "logistic")
    assert answer["split"].startswith("by borrower")
    assert any("too short" in warning for warning in answer["warnings"])


def make_labelled_loans(outcome: Callable[[int], str], n: int = 180) -> None:
    """Make loans of one month whose earlier loan was paid late or not, with an outcome."""
    for k in range(n):
        late = 20 if k % 3 == 0 else 0
        first = make_loan(
            instalments=[(date(2026, 3, 1), 100)],
            payments=[(date(2026, 3, 1) + timedelta(days=late), 100)],
            approved_on=date(2026, 2, 1),
        )
        make_loan(
            borrower=first.borrower,
            instalments=[(date(2026, 6, 1), 150)],
            approved_on=date(2026, 5, 1) + timedelta(days=k % 28),
            attributes={"outcome": outcome(k)},
        )


def test_attribute_is_learned_from_history_as_known_at_approval(frozen_day: date) -> None:
    random = np.random.default_rng(2)
    make_labelled_loans(lambda k: "Bad" if random.random() < (0.85 if k % 3 == 0 else 0.1) else "Good")
    answer = ask("--at", "approved_on", "--target", "attribute:outcome", "--bad", "Bad", "--candidates", "logistic")
    assert answer["purpose"] == "attribute:outcome"
    assert answer["n_rows"] == 180
    assert answer["split"].startswith("by time inside the window")
    assert answer["candidates"][0]["auc_low"] > 0.6
    assert answer["champion"] == "attribute:outcome-logistic-1"


def test_model_without_signal_is_called_that_in_plain_words(frozen_day: date) -> None:
    random = np.random.default_rng(1)
    make_labelled_loans(lambda k: "Bad" if random.random() < 0.4 else "Good")
    report = train_models(at="approved_on", target="attribute:outcome", bad="Bad", candidates=["lightgbm"])
    assert any("has no signal" in warning for warning in report.warnings)
    assert "has no signal" in report.summary()


def test_empty_books_are_refused_in_one_line() -> None:
    with pytest.raises(NoBusinessDate):
        train_models()
    with pytest.raises(CommandError, match="no business date") as caught:
        call_command("train_models")
    assert caught.value.returncode == 1


def test_too_few_rows_are_refused(frozen_day: date) -> None:
    make_loan(instalments=[(date(2026, 1, 1), 100)])
    with pytest.raises(TooFewRows, match="too few"):
        train_models(at=[date(2026, 1, 31)])


def test_one_class_is_refused(frozen_day: date) -> None:
    make_labelled_loans(lambda k: "Bad", n=100)
    with pytest.raises(OneClass, match="same outcome"):
        train_models(at="approved_on", target="attribute:outcome", bad="Bad")
    assert not ModelVersion.objects.exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"at": "approved_on"}, "needs a target"),
        ({"bad": "Bad"}, "--bad goes with"),
        ({"target": "flag", "bad": "Bad", "at": "approved_on"}, "attribute:NAME"),
        ({"target": "attribute:flag", "at": "approved_on"}, "--bad VALUE"),
        ({"target": "attribute:flag", "bad": "Bad"}, "approved_on"),
        ({"target": "attribute:flag", "bad": "Bad", "at": "approved_on", "horizon_days": 30}, "leave"),
        ({"candidates": ["forest"]}, "no candidate forest"),
        ({"candidates": []}, "there are logistic"),
        ({"purpose": "churn"}, "no purpose"),
        ({"horizon_days": 0}, "outside"),
        ({"at": "weekly"}, "not 'weekly'"),
    ],
)
def test_question_that_contradicts_itself_is_refused(frozen_day: date, options: dict[str, Any], said: str) -> None:
    with pytest.raises(TrainingRefused, match=said):
        train_models(**options)


def test_number_of_statements_grows_with_days_not_with_loans(seeded_books: None) -> None:
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(
        connection,
    ) as captured:
        collect_over_time(purpose="default", at=[date(2026, 1, 31)], horizon_days=100)
    assert len(captured) <= 8


def test_options_of_a_job_become_those_of_the_command() -> None:
    assert as_arguments(
        {
            "purpose": "pays_30",
            "candidates": ["xgboost"],
            "at": ["2026-01-31", "2026-02-28"],
            "simulated": True,
            "bad": None,
            "keep": [],
            "rises": ["days late", "--as=somebody"],
            "costs": [1.0, 8.0],
        }
    ) == [
        "--purpose=pays_30", "--candidates=xgboost", "--at=2026-01-31,2026-02-28", "--simulated",
        "--rises=days late", "--rises=--as=somebody", "--costs", "1.0", "8.0",
    ]  # fmt: skip


def _cancel_once_there(running: Running, marker: Path) -> None:
    until = time.monotonic() + 30
    while not (marker.exists() and marker.read_text()) and time.monotonic() < until:
        time.sleep(0.05)
    running.cancelled = True


def test_job_that_is_cancelled_ends_its_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    marker = tmp_path / "pid"
    sleeper = tmp_path / "manage.py"
    sleeper.write_text(f"import os, time; open({str(marker)!r}, 'w').write(str(os.getpid())); time.sleep(60)")
    monkeypatch.setattr(jobs, "MANAGE", sleeper)
    monkeypatch.setattr(jobs, "LOOK_EVERY_SECONDS", 0.05)
    running = Running(job_id=0, attempt=1)
    token = current.set(running)
    threading.Thread(target=_cancel_once_there, args=(running, marker)).start()
    try:
        with pytest.raises(JobCancelled):
            train_in_process(purpose="default")
    finally:
        current.reset(token)
    with pytest.raises(ProcessLookupError):
        os.kill(int(marker.read_text()), 0)


@pytest.mark.django_db(transaction=True)
def test_job_trains_in_a_process_of_its_own_and_hands_back_the_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from borrowers.services import simulate_portfolio

    simulate_portfolio(loans=300, seed=11, months=12)
    monkeypatch.setenv("DATABASE_URL", _url_of_test_database())
    answer = train_in_process(purpose="default", candidates=["logistic"])
    assert set(answer) == KEYS
    assert ModelVersion.objects.get(name=answer["champion"]).algorithm == "logistic"
    with pytest.raises(TrainingRefused, match="No loan has an attribute 'nothing'"):
        train_in_process(at="approved_on", target="attribute:nothing", bad="Bad")


@pytest.mark.django_db(transaction=True)
def test_job_hands_costs_directions_and_columns_to_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    debt, years = random.normal(size=400), random.integers(0, 30, size=400)
    bad = random.random(400) < 1 / (1 + np.exp(1.0 - 1.5 * debt))
    frame = pd.DataFrame({"debt": debt.round(3), "years": years, "--as=x": random.normal(size=400), "note, long": debt})
    frame.assign(bad=bad.astype(int)).to_csv(tmp_path / "lender.csv", index=False)
    monkeypatch.setenv("DATABASE_URL", _url_of_test_database())
    answer = train_in_process(
        table=str(tmp_path / "lender.csv"), target="bad", candidates=["logistic"], costs=[1.0, 6.5],
        rises=["debt"], falls=["years", "--as=x"], drop=["note, long"], trials=1, seconds=60,
    )  # fmt: skip
    model = ModelVersion.objects.get(name=answer["champion"])
    assert model.metrics["threshold_chosen"] == "the least cost, at 1 a false alarm and 6.5 a missed one"
    assert set(model.parameters["directions"]["falls"]) == {"years", "--as=x"}
    assert model.parameters["directions"]["rises"] == ["debt"]
    assert "note, long" not in model.feature_names


def _url_of_test_database() -> str:
    """Return an address under which another process finds the database of this test."""
    from urllib.parse import quote

    settings = connection.get_connection_params()
    host = quote(str(settings.get("host") or ""), safe="")
    login = quote(str(settings.get("user") or "")) + (
        f":{quote(str(settings['password']))}" if settings.get("password") else ""
    )
    port = f":{settings['port']}" if settings.get("port") else ""
    return f"postgres://{login}@{host}{port}/{settings.get('dbname') or settings.get('database')}"
