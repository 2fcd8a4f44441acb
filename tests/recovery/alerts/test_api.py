"""Alerts over REST."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from creditpath.accounts.models import Role, User
from recovery.alerts.services import acknowledge
from recovery.models import Alert, AlertAcknowledgement, AlertRule

DAY = date(2026, 6, 30)
Clients = Callable[[Role], Client]


def tell(name: str = "answers_overdue", *, days_ago: int = 0) -> Alert:
    rule = AlertRule.objects.get(name=name)
    return Alert.objects.create(
        rule=rule,
        as_of=DAY - timedelta(days=days_ago),
        value=rule.threshold + 1,
        threshold=rule.threshold,
        detail="3 of 4",
    )


def post(client: Client, alert: Alert, note: str = "called them") -> tuple[int, dict]:
    answer = client.post(f"/api/v1/alerts/{alert.pk}/acknowledge/", {"note": note}, content_type="application/json")
    return answer.status_code, answer.json()


def test_alert_is_seen_to_once(frozen_day: date, client_of: Clients) -> None:
    alert, client = tell(), client_of(Role.MANAGER)
    (row,) = client.get("/api/v1/alerts/?is_open=true").json()["results"]
    assert (row["rule"], row["detail"], row["acknowledgement"]) == ("answers_overdue", "3 of 4", None)
    assert post(client, alert, " ")[0] == 400
    status, shown = post(client, alert)
    assert (status, shown["acknowledgement"]["note"], shown["acknowledgement"]["acknowledged_by"]) == (
        201, "called them", "manager",
    )  # fmt: skip
    assert post(client, alert)[0] == 409
    assert AlertAcknowledgement.objects.count() == 1
    assert client.get("/api/v1/alerts/?is_open=true").json()["results"] == []
    assert len(client.get("/api/v1/alerts/?rule=answers_overdue").json()["results"]) == 1


def test_data_scientist_is_told_of_models_alone(frozen_day: date, client_of: Clients) -> None:
    of_work, of_models = tell(), tell("models_alarm")
    client = client_of(Role.DATA_SCIENTIST)
    assert [row["id"] for row in client.get("/api/v1/alerts/").json()["results"]] == [of_models.pk]
    assert client.get(f"/api/v1/alerts/{of_work.pk}/").status_code == 404
    assert post(client, of_work)[0] == 404
    assert post(client, of_models)[0] == 201


@pytest.mark.parametrize("role", [Role.AGENT, Role.ANALYST, Role.INTEGRATION, None])
def test_others_neither_read_nor_answer_alerts(
    frozen_day: date, people: dict[Role, User], client_of: Clients, role: Role | None
) -> None:
    alert, refused = tell(), 403 if role else 401
    client = client_of(role) if role else Client()
    assert client.get("/api/v1/alerts/").status_code == refused
    assert client.get(f"/api/v1/alerts/{alert.pk}/").status_code == refused
    assert post(client, alert)[0] == refused


def test_queries_do_not_grow_with_alerts(frozen_day: date, people: dict[Role, User], client_of: Clients) -> None:
    client, counts = client_of(Role.MANAGER), []
    for days in (range(1), range(1, 9)):
        for number in days:
            acknowledge(alert=tell(days_ago=number), note="seen", by=people[Role.MANAGER])
        with CaptureQueriesContext(connection) as captured:
            client.get("/api/v1/alerts/")
        counts.append(len(captured))
    assert counts[0] == counts[1]
