"""What is above its threshold at the close of a day is told once, and somebody sees to it."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from borrowers.models import BusinessDate
from borrowers.services import refresh_delinquency, set_business_date
from creditpath.accounts.models import Role, Team, User
from creditpath.jobs.registry import job_kinds, schedules
from creditpath.sql import load_statements
from recovery.alerts.services import acknowledge, mail_alerts, raise_alerts
from recovery.errors import AlertRefused
from recovery.models import Alert, AlertRule, Grievance
from recovery.services import plan_worklists, recommend_actions
from scoring.models import AlertThreshold, ModelReading
from tests.factories import make_borrower, make_loan, make_payment, make_promise, make_user
from tests.models import promote, register_logistic

DAY = date(2026, 6, 30)


def complain() -> None:
    long_ago = DAY - timedelta(days=100)
    Grievance.objects.create(
        borrower=make_borrower(),
        kind="complaint",
        subject="other",
        channel="letter",
        text="secret",
        received_on=long_ago,
    )


def test_every_rule_has_a_measure_that_runs_on_empty_books(frozen_day: date) -> None:
    measures = load_statements("recovery", "alerts/measures.sql")
    assert set(AlertRule.objects.values_list("name", flat=True)) == {*measures, "models_alarm"}
    report = raise_alerts(as_of=DAY)
    assert (report.looked_at, report.told) == (len(measures) + 1, {})


def test_overdue_complaint_is_told_once_a_day_however_often_it_is_looked_at(frozen_day: date) -> None:
    complain()
    assert raise_alerts(as_of=DAY).told == {"answers_overdue": Decimal(1)}
    assert raise_alerts(as_of=DAY).n_new == 0
    assert raise_alerts(as_of=DAY + timedelta(days=1)).n_new == 1
    alert = Alert.objects.order_by("as_of")[0]
    assert alert.detail == "0 disputes and 1 complaint should have been answered"
    with pytest.raises(IntegrityError, match="one_alert_per_rule_and_day"), transaction.atomic():
        Alert.objects.create(rule=alert.rule, as_of=alert.as_of, value=9, threshold=1, detail="again")
    with pytest.raises(IntegrityError), transaction.atomic():
        Alert.objects.update(detail="else")


def test_rule_that_is_off_or_whose_threshold_is_higher_tells_nothing(frozen_day: date) -> None:
    complain()
    AlertRule.objects.filter(name="answers_overdue").update(threshold=1)
    assert raise_alerts(as_of=DAY).told == {}
    AlertRule.objects.filter(name="answers_overdue").update(threshold=0, is_on=False)
    assert raise_alerts(as_of=DAY).told == {}


def test_lists_that_do_not_cover_the_work_and_broken_promises_are_told(frozen_day: date, team: Team, settings) -> None:
    settings.SHIFT_MINUTES = 8
    make_user(Role.AGENT, team=team)
    for number in range(12):
        loan = make_loan(borrower=make_borrower(team=team), instalments=[(DAY - timedelta(days=40), 500)])
        make_promise(loan, made_on=DAY - timedelta(days=30), due_on=DAY - timedelta(days=10), amount=50)
        if number < 6:
            make_payment(loan, DAY - timedelta(days=12), 60)
    refresh_delinquency(as_of=DAY)
    recommend_actions(as_of=DAY)
    plan_worklists(as_of=DAY)
    told = raise_alerts(as_of=DAY).told
    assert told["promises_broken"] == 50
    assert told["work_not_covered"] > 80


def test_day_that_nobody_closed_is_told_by_the_watch(frozen_day: date) -> None:
    watch = job_kinds["watch_the_close"].function
    assert watch() == {"reason": "there is no day to be closed"}
    BusinessDate.objects.update(is_frozen=False)
    set_business_date(day=timezone.localdate() - timedelta(days=3))
    assert watch()["told"] == {"day_not_closed": 2.0}
    assert watch()["n_new"] == 0
    assert schedules["watch the close"].job == "watch_the_close"


def test_alert_is_seen_to_once_with_a_note(frozen_day: date, people: dict[Role, User]) -> None:
    complain()
    raise_alerts(as_of=DAY)
    alert = Alert.objects.get()
    with pytest.raises(AlertRefused):
        acknowledge(alert=alert, note=" ", by=people[Role.MANAGER])
    acknowledge(alert=alert, note="answered", by=people[Role.MANAGER])
    with pytest.raises(AlertRefused, match="already"):
        acknowledge(alert=alert, note="answered", by=people[Role.MANAGER])


def test_manager_sees_alerts_at_home_and_on_their_page(frozen_day: date, client_of: Callable[[Role], Client]) -> None:
    complain()
    raise_alerts(as_of=DAY)
    client = client_of(Role.MANAGER)
    assert "Answers to disputes or complaints are overdue" in client.get("/").content.decode()
    assert "should have been answered" in client.get(reverse("recovery:alerts")).content.decode()
    client.post(reverse("recovery:acknowledge-alert", args=[Alert.objects.get().pk]), {"note": "<i>called</i>"})
    assert "are overdue" not in client.get("/").content.decode()
    assert "&lt;i&gt;called" in client.get(reverse("recovery:alerts"), {"state": "seen"}).content.decode()


def test_managers_get_one_e_mail_hidden_from_each_other(frozen_day: date, settings) -> None:
    for name in "ab":
        User.objects.filter(pk=make_user(Role.MANAGER).pk).update(email=f"{name}@example.com")
    complain()
    settings.ALERTS_BY_EMAIL = True
    raise_alerts(as_of=DAY)
    assert mail_alerts(as_of=DAY) == 2
    (sent,) = mail.outbox
    assert (sent.bcc, sent.to) == (["a@example.com", "b@example.com"], [])
    assert "1 complaint should have been answered" in sent.body
    assert "secret" not in sent.body


def test_model_that_has_to_be_acted_on_is_told_to_data_scientists_and_managers_until_something_else_alarms(
    frozen_day: date, client_of: Callable[[Role], Client]
) -> None:
    model = promote(register_logistic())
    feature = {"psi": 0.4, "missing": 0.2, "missing_in_training": 0.0}
    stability = {"score_psi": 0.31, "features": {"days_past_due": feature, "days_on_book": feature}}
    ModelReading.objects.create(
        model=model, as_of=DAY, read_on=DAY, source="served", stage="fresh", window_days=0, is_unseen=True, n_rows=900,
        stability=stability,
    )  # fmt: skip
    complain()
    assert set(raise_alerts(as_of=DAY).told) == {"models_alarm", "answers_overdue"}
    assert "models_alarm" not in raise_alerts(as_of=DAY + timedelta(days=1)).told
    AlertThreshold.objects.filter(measure="score_psi").update(is_on=False)
    assert "models_alarm" in raise_alerts(as_of=DAY + timedelta(days=2)).told

    scientist, url = client_of(Role.DATA_SCIENTIST), reverse("recovery:alerts")
    page = scientist.get(url).content.decode()
    assert f"To act on: {model.name}: " in page
    assert "PSI of the scores" in page
    assert "complaint" not in page
    assert "A live model has to be acted on" in scientist.get("/").content.decode()
    assert "complaint" in client_of(Role.MANAGER).get(url).content.decode()
    other = Alert.objects.filter(rule__name="answers_overdue")[0]
    assert scientist.post(reverse("recovery:acknowledge-alert", args=[other.pk]), {"note": "x"}).status_code == 404

    for role in (Role.DATA_SCIENTIST, Role.MANAGER):
        User.objects.filter(role=role).update(email=f"{role}@lender.example")
    assert mail_alerts(as_of=DAY) == 2
    told = {message.bcc[0]: message.body for message in mail.outbox}
    assert "complaint" not in told["data_scientist@lender.example"]
    assert "complaint" in told["manager@lender.example"]
