"""The page of watched models and its Dash app: who gets in, what it says, what people decided otherwise."""

import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from creditpath.accounts.models import Role, User
from recovery.models import DecisionAnswer, PerformedAction, Recommendation
from recovery.watching.overrides import measure_overrides
from scoring.models import AlertThreshold, ModelReading, ModelVersion, Tier
from scoring.registry.cards.outcomes import tell_outcomes
from tests.factories import make_borrower, make_contact, make_loan, make_payment
from tests.models import promote, register_logistic

PAGE = "/dashboards/models/"
CALLBACK = "/django_plotly_dash/app/models/_dash-update-component"
BODY = json.dumps(
    {
        "output": "models.children",
        "outputs": {"id": "models", "property": "children"},
        "inputs": [{"id": "address", "property": "search", "value": ""}],
        "changedPropIds": ["address.search"],
    }
)
ClientOf = Callable[[Role], Client]

pytestmark = pytest.mark.django_db


@pytest.fixture
def champion(frozen_day: date) -> ModelVersion:
    """A champion whose scores moved far, and which ranks well on what has matured."""
    model = promote(register_logistic())
    stability = {
        "score_psi": 0.31, "features": {"days_past_due": {"psi": 0.4, "missing": 0.2, "missing_in_training": 0.0}},
    }  # fmt: skip
    tier = {"n": 900, "n_bad": 90, "expected": 0.11, "observed": 0.1, "z": -1.0}
    outcome = {
        **tier,
        "brier": 0.08,
        "auc": 0.71,
        "auc_low": 0.66,
        "auc_high": 0.76,
        "tiers": dict.fromkeys(Tier.values, tier),
    }
    for as_of, stage, window, told in (
        (date(2026, 3, 31), "matured", 90, outcome), (date(2026, 5, 31), "early", 30, {**outcome, "n_bad": 9, "z": -5.0}),
        (frozen_day, "fresh", 0, None),
    ):  # fmt: skip
        ModelReading.objects.create(
            model=model, as_of=as_of, read_on=frozen_day, source="served", stage=stage, window_days=window, is_unseen=True,
            n_rows=900, stability=stability, outcome=told,
        )  # fmt: skip
    return model


def ask(client: Client) -> Any:
    return client.post(CALLBACK, BODY, content_type="application/json")


@pytest.mark.parametrize("role", Role)
def test_those_who_answer_for_models_get_page_and_charts(
    role: Role, client_of: ClientOf, champion: ModelVersion
) -> None:
    client = client_of(role)
    status = 403 if role in (Role.AGENT, Role.INTEGRATION) else 200
    assert client.get(PAGE).status_code == status
    answer = ask(client)
    assert answer.status_code == status
    assert (champion.name in answer.content.decode()) == (status == 200)


def test_anonymous_sees_nothing(client: Client, champion: ModelVersion) -> None:
    assert client.get(PAGE).status_code == 302
    assert ask(client).status_code == 401


def test_the_page_says_what_alarms_and_charts_say_what_they_show(
    client_of: ClientOf, champion: ModelVersion, django_assert_max_num_queries: Any
) -> None:
    client = client_of(Role.MANAGER)
    with django_assert_max_num_queries(14):
        page = client.get(PAGE).content.decode()
    assert "3 alerts</b>, 3 of them to act on" in page
    assert "Scores have moved since training: PSI 0.31." in page
    assert "simulated data" in page
    assert "manage.py train" not in page
    charts = ask(client).content.decode()
    assert "Scores have moved far: PSI 0.31 on 30 June" in charts
    assert "It ranks the loans of March with an AUC of 0.710, 0.720 on test rows" in charts
    assert "1 of 1 features moved since training, days past due the most" in charts

    AlertThreshold.objects.update(is_on=False)
    assert "Nothing alarms" in client.get(PAGE).content.decode()


def test_tiers_are_told_by_risk_on_page_and_card(client_of: ClientOf, champion: ModelVersion) -> None:
    told = [re.escape(heading) for heading in ("Low", "Medium", "High", "Very high")]
    in_order = re.compile(".*".join(f"<th scope=.row.>{name}</th>" for name in told), re.DOTALL)
    assert in_order.search(client_of(Role.ANALYST).get(PAGE).content.decode())
    rows = tell_outcomes(champion).tables[0].rows
    assert [row[0] for row in rows] == ["low", "medium", "high", "very high"]


def test_without_a_live_model_the_page_says_so(client_of: ClientOf, frozen_day: date) -> None:
    assert "No model is live" in client_of(Role.ANALYST).get(PAGE).content.decode()


# --- what people decided otherwise ----------------------------------------------------------------------------------------
def make_answered(
    day: date, by: User, *, decided: str, reason: str = "", paid: bool = False, reached: bool = False
) -> None:
    borrower = make_borrower(team=by.team)
    loan = make_loan(borrower=borrower, instalments=[(day - timedelta(days=40), 500)])
    row = Recommendation.objects.create(
        borrower=borrower, loan=loan, as_of=day, action="call", eligible_actions={}, facts={}, reasons=[], priority=1,
        expected_minutes=5,
    )  # fmt: skip
    answer = "accepted" if decided == "call" else "other"
    DecisionAnswer.objects.create(recommendation=row, answer=answer, action=decided, reason=reason, answered_by=by)
    if paid:
        make_payment(loan, day + timedelta(days=3), 50)
    if reached:
        event = make_contact(borrower, day, outcome="promise", agent=by)
        PerformedAction.objects.create(recommendation=row, contact_event=event, action=decided, is_as_assigned=False)


def test_answers_are_told_by_action_and_reason_with_what_came_of_them(
    champion: ModelVersion, frozen_day: date, people: dict[Role, User], client_of: ClientOf
) -> None:
    agent, over = people[Role.AGENT], frozen_day - timedelta(days=30)
    make_answered(over, agent, decided="call", paid=True, reached=True)
    make_answered(over, agent, decided="call")
    make_answered(over, agent, decided="visit", reason="No phone <b>", paid=True)
    make_answered(frozen_day, agent, decided="visit", reason="no phone <b> ", paid=False)
    report = measure_overrides()
    assert (report.n_answered, report.n_otherwise, report.share) == (4, 2, 0.5)
    by_action = {(line.recommended, line.decided): line for line in report.by_action}
    assert by_action["call", "call"].paid_ratio == by_action["call", "call"].reached_ratio == 0.5
    assert (by_action["call", "visit"].n, by_action["call", "visit"].n_over, by_action["call", "visit"].paid_ratio) == (
        2,
        1,
        1,
    )
    assert [(line.reason, line.n) for line in report.by_reason] == [("no phone <b>", 2)]

    page = client_of(Role.MANAGER).get(PAGE).content.decode()
    assert "no phone &lt;b&gt;" in page
    assert "People decided otherwise on 50 % of the recommendations" in page
    page = client_of(Role.ANALYST).get(PAGE).content.decode()
    assert "no phone" not in page
    assert "your role does not read them" in page
