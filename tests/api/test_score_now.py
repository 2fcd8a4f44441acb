"""Scores on demand: by the champion, by ONNX Runtime, equal to what one computes by hand; and nothing absurd gets in."""

import sys
from typing import Any

import pytest

from borrowers.models import Loan
from creditpath.accounts.models import Role
from scoring.features.definition import FEATURE_NAMES
from scoring.models import ModelVersion, Score
from tests.api.conftest import Api
from tests.factories import make_payment
from tests.models import TIER_EDGES, pd_by_hand, promote_logistic

ADDRESS = "/api/v1/score/"


@pytest.fixture
def champion(db: None) -> ModelVersion:
    return promote_logistic()


def _row(**known: float | None) -> dict[str, float | None]:
    return dict.fromkeys(FEATURE_NAMES) | known


@pytest.mark.parametrize("role", list(Role))
def test_only_some_roles_ask_for_scores(role: Role, api: Api, champion: ModelVersion) -> None:
    answer = api(role).post(ADDRESS, {"rows": [_row()]})
    assert answer.status_code == (
        200 if role in {Role.ADMIN, Role.MANAGER, Role.DATA_SCIENTIST, Role.INTEGRATION} else 403
    )


def test_made_up_features_get_the_probability_that_one_computes_by_hand(api: Api, champion: ModelVersion) -> None:
    rows = [_row(days_past_due=days, overdue_ratio=0.5) for days in (0, 10, 30, 120)] + [_row()]
    results = api(Role.INTEGRATION).post(ADDRESS, {"rows": rows}).json()["results"]
    for row, result in zip(rows, results, strict=True):
        assert result["pd"] == pytest.approx(pd_by_hand(row), abs=1e-6)
        assert result["tier"] == champion.tier_of(result["pd"])
        assert (result["loan"], result["as_of"], result["model"]) == (None, None, champion.name)
    assert [result["tier"] for result in results] == ["medium", "medium", "high", "very_high", "low"]
    assert champion.tier_edges == TIER_EDGES


def test_loan_is_scored_as_it_stands_now_and_nothing_is_kept(api: Api, champion: ModelVersion, loan: Loan) -> None:
    client = api(Role.INTEGRATION)
    before = client.post(ADDRESS, {"loans": [loan.pk]}).json()["results"][0]
    make_payment(loan, loan.delinquency.as_of, 100)
    after = client.post(ADDRESS, {"loans": [loan.pk]}).json()["results"][0]
    assert after["pd"] < before["pd"]
    assert (before["loan"], before["as_of"]) == (loan.pk, "2026-06-30")
    assert not Score.objects.exists()


def test_answers_come_in_the_order_of_the_question(
    api: Api, champion: ModelVersion, loan: Loan, other_loan: Loan
) -> None:
    asked = [other_loan.pk, loan.pk, other_loan.pk]
    answer = api(Role.INTEGRATION).post(ADDRESS, {"loans": asked}).json()
    assert [result["loan"] for result in answer["results"]] == asked


def test_loan_that_is_paid_off_says_so_instead_of_a_number(api: Api, champion: ModelVersion, loan: Loan) -> None:
    make_payment(loan, loan.delinquency.as_of, 200)
    result = api(Role.INTEGRATION).post(ADDRESS, {"loans": [loan.pk]}).json()["results"][0]
    assert (result["pd"], result["tier"], result["reason"]) == (None, None, "it is paid off or written off")


def test_ten_thousand_rows_are_answered_and_one_more_is_refused(api: Api, champion: ModelVersion) -> None:
    client, rows = api(Role.INTEGRATION), [_row(days_past_due=number % 90) for number in range(10_000)]
    assert len(client.post(ADDRESS, {"rows": rows}).json()["results"]) == 10_000
    answer = client.post(ADDRESS, {"rows": [*rows, _row()]})
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["rows"])


def test_scores_of_many_loans_cost_as_many_queries_as_of_one(
    api: Api, champion: ModelVersion, loan: Loan, other_loan: Loan, queries: Any
) -> None:
    client = api(Role.INTEGRATION)
    client.post(ADDRESS, {"loans": [loan.pk]})  # the session of the model is opened once per process
    with queries(13):  # six of them count the request
        assert client.post(ADDRESS, {"loans": [loan.pk, other_loan.pk]}).status_code == 200


def test_without_a_champion_there_is_one_clear_answer(api: Api, loan: Loan) -> None:
    answer = api(Role.INTEGRATION).post(ADDRESS, {"loans": [loan.pk]})
    assert (answer.status_code, answer.json()["code"]) == (409, "no_champion")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"loans": []},
        {"loans": "1"},
        {"loans": [True]},
        {"loans": [1.5]},
        {"loans": [-1]},
        {"loans": [10**30]},
        {"loans": [999_999_999]},
        {"rows": [], "loans": []},
        {"rows": [1]},
        {"rows": {}},
        {"rows": [{}]},
        {"rows": [_row(), _row(days_past_due="7")]},  # type: ignore[arg-type]
        {"rows": [_row(days_past_due=True)]},
        {"rows": [_row(days_past_due=1e39)]},
        {"rows": [_row(days_past_due=10**400)]},
        {"rows": [_row(days_past_due=[1])]},  # type: ignore[arg-type]
        {"rows": [_row() | {"age": 40}]},
        {"rows": [_row()], "threshold": 0.5},
        {"rows": [_row()], "purpose": "nul\x00"},
        {"rows": [_row()], "purpose": 7.5, "loans": [1]},
    ],
)
def test_question_that_makes_no_sense_is_refused(api: Api, champion: ModelVersion, body: dict[str, Any]) -> None:
    answer = api(Role.INTEGRATION).post(ADDRESS, body)
    assert answer.status_code == 400, answer.content
    assert set(answer.json()) == {"code", "detail", "fields"}


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e400"])
def test_number_that_is_none_is_refused(api: Api, champion: ModelVersion, value: str) -> None:
    row = ", ".join(f'"{name}": {value if name == "days_past_due" else "null"}' for name in FEATURE_NAMES)
    answer = api(Role.INTEGRATION).post(ADDRESS, f'{{"rows": [{{{row}}}]}}', content_type="application/json")
    assert answer.status_code == 400


def test_what_was_wrong_is_said_by_row_and_feature(api: Api, champion: ModelVersion) -> None:
    answer = api(Role.INTEGRATION).post(ADDRESS, {"rows": [_row(), _row() | {"age": 40}]}).json()
    assert answer["fields"]["rows"]["1"]["age"] == ["The model has no such feature."]


def test_serving_scores_loads_no_training_library() -> None:
    import subprocess

    code = (
        "import django; django.setup(); import creditpath.urls, sys; "
        "print([name for name in ('sklearn', 'xgboost', 'lightgbm') if name in sys.modules])"
    )
    environment = {**__import__("os").environ, "DJANGO_SETTINGS_MODULE": "creditpath.settings"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.strip() == "[]"
