"""Look at the figures of a day, tell what is above its threshold, and keep who saw to it."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connection, connections, transaction
from django.db.models import QuerySet
from django.utils import timezone

from borrowers.services import known_at
from creditpath.accounts.models import Role, User
from creditpath.errors import told_in_words
from creditpath.jobs import enqueue
from creditpath.sql import load, load_statements
from recovery.errors import AlertRefused
from recovery.models import Alert, AlertAcknowledgement, AlertRule
from recovery.watching.alarms import measure_alarms

MAIL_JOB = "mail_alerts"
MODELS_ALARM = "models_alarm"
MODELS_TOLD_AGAIN = timedelta(days=30)


@dataclass(frozen=True)
class AlertReport:
    """What was looked at, and what is above its threshold; n_new counts what this run added."""

    as_of: date
    looked_at: int
    told: dict[str, Decimal]
    n_new: int

    def as_json(self) -> dict[str, Any]:
        told = {name: float(value) for name, value in self.told.items()}
        return {"as_of": self.as_of.isoformat(), "looked_at": self.looked_at, "told": told, "n_new": self.n_new}


def ensure_shipped_alert_rules(*, using: str = "default") -> None:
    """Write the rules that the product comes with where they are missing."""
    with connections[using].cursor() as cursor:
        cursor.execute(load("recovery", "alerts/shipped_rules.sql"))


@transaction.atomic
def raise_alerts(*, as_of: date, only: tuple[str, ...] = ()) -> AlertReport:
    """Write an alert for every rule whose figure is above its threshold on a day; once per rule and day, however often it runs.

    Where people are to be told by e-mail a job is asked for, which runs after the commit. One query per rule, of models seven.
    """
    measures = load_statements("recovery", "alerts/measures.sql")
    rules = [
        rule
        for rule in AlertRule.objects.filter(is_on=True)
        if rule.name in {*measures, MODELS_ALARM} and (not only or rule.name in only)
    ]
    parameters = {"day": as_of, "known": known_at(as_of=as_of), "yesterday": timezone.localdate() - timedelta(days=1)}
    found: list[Alert] = []
    with connection.cursor() as cursor:
        for rule in rules:
            if rule.name == MODELS_ALARM:
                row = _measure_models(rule, as_of)
            else:
                cursor.execute(measures[rule.name], parameters)
                row = cursor.fetchone()
            if row is not None and row[0] is not None and Decimal(row[0]) > rule.threshold:
                value = Decimal(row[0]).quantize(Decimal("0.01"))
                found.append(Alert(rule=rule, as_of=as_of, value=value, threshold=rule.threshold, detail=row[1][:300]))
    before = set(Alert.objects.filter(as_of=as_of).values_list("rule", flat=True))
    Alert.objects.bulk_create(found, ignore_conflicts=True)
    n_new = sum(alert.rule_id not in before for alert in found)
    if n_new and settings.ALERTS_BY_EMAIL:
        names = ",".join(sorted(alert.rule.name for alert in found if alert.rule_id not in before))
        enqueue(MAIL_JOB, unique_key=f"{MAIL_JOB}:{as_of}:{names}"[:200], as_of=as_of.isoformat())
    return AlertReport(as_of, len(rules), {alert.rule.name: alert.value for alert in found}, n_new)


def _measure_models(rule: AlertRule, as_of: date) -> tuple[int, str] | None:
    """Return what watching models finds; None where the same was told within MODELS_TOLD_AGAIN: drift does not go overnight."""
    found = measure_alarms(as_of=as_of)
    last = (
        Alert.objects.filter(rule=rule, as_of__lt=as_of, as_of__gt=as_of - MODELS_TOLD_AGAIN).order_by("-as_of").first()
    )
    return None if last is not None and last.detail == found[1][:300] else found


def alerts_for(user: User) -> QuerySet[Alert]:
    """Return the alerts that a person is told of: data scientists those about models, the other readers all."""
    alerts = Alert.objects.select_related("rule")
    return alerts.filter(rule__is_of_models=True) if user.role == Role.DATA_SCIENTIST else alerts


def rules_for(user: User) -> QuerySet[AlertRule]:
    """Return the rules by which a person is told."""
    rules = AlertRule.objects.all()
    return rules.filter(is_of_models=True) if user.role == Role.DATA_SCIENTIST else rules


def open_alerts(user: User) -> QuerySet[Alert]:
    """Return what a person is told of and nobody has seen to yet."""
    return alerts_for(user).filter(acknowledgement__isnull=True)


def acknowledge(*, alert: Alert, note: str, by: User) -> AlertAcknowledgement:
    """Keep that a person has seen to an alert, and what they did. Once. Raises AlertRefused."""
    if not note.strip():
        raise AlertRefused(fields={"note": "Say what is done about it."})
    sentences = {"recovery_alertacknowledgement_alert_id_key": "Somebody has seen to this already."}
    with told_in_words(AlertRefused, sentences), transaction.atomic():
        return AlertAcknowledgement.objects.create(alert=alert, note=note.strip(), acknowledged_by=by)


def mail_alerts(*, as_of: date) -> int:
    """Tell a day's open alerts to all managers with an address, those about models to data scientists too; return to how many.

    One e-mail for each of the two roles, its readers hidden from each other.
    """
    alerts = list(Alert.objects.filter(as_of=as_of, acknowledgement__isnull=True).select_related("rule"))
    of_models = [alert for alert in alerts if alert.rule.is_of_models]
    return sum(_mail(role, told, as_of) for role, told in ((Role.MANAGER, alerts), (Role.DATA_SCIENTIST, of_models)))


def _mail(role: Role, alerts: list[Alert], as_of: date) -> int:
    people = User.objects.filter(role=role, is_active=True).exclude(email="")
    addresses = sorted(set(people.values_list("email", flat=True)))
    if not addresses or not alerts:
        return 0
    lines = [f"- {alert.rule.title}: {alert.detail}." for alert in alerts]
    n = len(alerts)
    EmailMessage(
        subject=f"{n} alert{'' if n == 1 else 's'} at the close of {as_of:%-d %b %Y}",
        body="\n".join([*lines, "", "See to them under Alerts."]),
        bcc=addresses,
    ).send()
    return len(addresses)
