"""Who sees what: each role through each list and item, and nobody another team's by guessing."""

from datetime import date
from typing import Any

import pytest

from borrowers.models import ImportRun, Loan
from creditpath.access import may_call
from creditpath.accounts.models import Role, User
from recovery.models import Recommendation, WorklistItem
from scoring.models import FeatureVector, Score, ScoringRun
from tests.api.conftest import Api
from tests.factories import at, make_contact, make_promise
from tests.models import promote_logistic

RESOURCES = [
    "borrowers", "loans", "payments", "promises", "imports", "scores", "models", "recommendations", "worklist", "actions",
]  # fmt: skip
OF_A_TEAM = ["borrowers", "loans", "payments", "promises", "scores", "recommendations", "worklist", "actions"]


@pytest.fixture
def rows(loan: Loan, other_loan: Loan, people: dict[Role, User], frozen_day: date) -> dict[str, tuple[int, int]]:
    """One row of each resource on the agent's own team and one on the other; the pair of ids by resource."""
    model = promote_logistic()
    run = ScoringRun.objects.create(
        model=model,
        kind="batch",
        engine="onnxruntime",
        as_of=frozen_day,
        known_at=at(frozen_day),
        published_at=at(frozen_day),
    )
    imported = ImportRun.objects.create(source_name="books.csv", source_sha256="0" * 64, mapping="")
    ids = {name: [] for name in RESOURCES}
    for place, one in enumerate((loan, other_loan)):
        agent = people[Role.AGENT] if place == 0 else people[Role.MANAGER]
        event = make_contact(one.borrower, frozen_day, outcome="promise", agent=agent, loan=one)
        promise = make_promise(one, made_on=frozen_day, due_on=frozen_day, amount=50, contact_event=event)
        vector = FeatureVector.objects.create(
            loan=one,
            as_of=frozen_day,
            known_at=at(frozen_day),
            feature_set=model.feature_set,
            values=[None] * len(model.feature_names),
        )
        score = Score.objects.create(run=run, loan=one, vector=vector, pd=0.25, tier="medium")
        advice = Recommendation.objects.create(
            borrower=one.borrower, loan=one, as_of=frozen_day, score=score, action="call", eligible_actions={"call": 1.0},
            facts={"days_past_due": 29}, reasons=["29 days late."], ask_amount=100, priority=1.0, expected_minutes=6,
        )  # fmt: skip
        item = WorklistItem.objects.create(as_of=frozen_day, recommendation=advice, agent=agent, rank=1)
        made = {
            "borrowers": one.borrower, "loans": one, "payments": one.payments.get(), "promises": promise, "scores": score,
            "recommendations": advice, "worklist": item, "actions": event, "models": model, "imports": imported,
        }  # fmt: skip
        for name, row in made.items():
            ids[name].append(row.pk)
    return {name: (own, other) for name, (own, other) in ids.items()}


@pytest.mark.parametrize("resource", RESOURCES)
@pytest.mark.parametrize("role", list(Role))
def test_each_role_reads_what_the_matrix_opens_and_nothing_else(
    resource: str, role: Role, api: Api, rows: dict[str, tuple[int, int]], people: dict[Role, User]
) -> None:
    client, name = api(role), {"worklist": "worklist"}.get(resource, resource.removesuffix("s"))
    opened = may_call(people[role], f"api:{name}-list")
    answer = client.get(f"/api/v1/{resource}/")
    assert answer.status_code == (200 if opened else 403), answer.json()
    if opened:
        own, _ = rows[resource]
        assert own in [row["id"] for row in answer.json()["results"]]
        assert client.get(f"/api/v1/{resource}/{own}/").json()["id"] == own


@pytest.mark.parametrize("resource", OF_A_TEAM)
def test_agent_neither_lists_nor_guesses_what_another_team_services(
    resource: str, api: Api, rows: dict[str, tuple[int, int]]
) -> None:
    own, other = rows[resource]
    client = api(Role.AGENT)
    listed = [row["id"] for row in client.get(f"/api/v1/{resource}/").json()["results"]]
    assert listed == [own]
    answer = client.get(f"/api/v1/{resource}/{other}/")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("resource", RESOURCES)
def test_nobody_reads_without_a_token(resource: str, client: Any) -> None:
    answer = client.get(f"/api/v1/{resource}/")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


@pytest.mark.parametrize("role", [Role.ANALYST, Role.DATA_SCIENTIST])
def test_roles_without_personal_data_get_no_name_and_no_contact_point(
    role: Role, api: Api, loan: Loan, rows: dict[str, tuple[int, int]]
) -> None:
    loan.borrower.contact_points.create(kind="phone", value="+234 801 234 5678")
    client = api(role)
    borrower = client.get(f"/api/v1/borrowers/{loan.borrower_id}/").json()
    assert (borrower["full_name"], borrower["contact_points"], borrower["attributes"]) == (None, None, None)
    assert client.get(f"/api/v1/loans/{loan.pk}/").json()["attributes"] is None
    for resource in RESOURCES:
        body = client.get(f"/api/v1/{resource}/").content.decode()
        assert "Amina" not in body
        assert "801 234" not in body
        assert "Acme" not in body


def test_people_who_work_the_case_get_the_name_and_the_contact_points(api: Api, loan: Loan) -> None:
    loan.borrower.contact_points.create(kind="phone", value="+234 801 234 5678")
    borrower = api(Role.AGENT).get(f"/api/v1/borrowers/{loan.borrower_id}/").json()
    assert borrower["full_name"] == "Amina Bello"
    assert borrower["contact_points"][0]["value"] == "+234 801 234 5678"


def test_the_bytes_of_a_model_are_not_served(api: Api) -> None:
    model = promote_logistic()
    answer = api(Role.DATA_SCIENTIST).get(f"/api/v1/models/{model.pk}/").json()
    assert "onnx" not in answer
    assert (answer["is_live"], answer["metrics"]["auc"]) == (True, 0.72)
