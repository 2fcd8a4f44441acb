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

MAIL_JOB = "mail_alerts"


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

    Where managers are to be told by e-mail a job is asked for, which runs after the commit. One query per rule.
    """
    measures = load_statements("recovery", "alerts/measures.sql")
    rules = [
        rule
        for rule in AlertRule.objects.filter(is_on=True)
        if rule.name in measures and (not only or rule.name in only)
    ]
    parameters = {"day": as_of, "known": known_at(as_of=as_of), "yesterday": timezone.localdate() - timedelta(days=1)}
    found: list[Alert] = []
    with connection.cursor() as cursor:
        for rule in rules:
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


def open_alerts() -> QuerySet[Alert]:
    """Return what nobody has seen to yet, the newest first."""
    return Alert.objects.filter(acknowledgement__isnull=True).select_related("rule")


def acknowledge(*, alert: Alert, note: str, by: User) -> AlertAcknowledgement:
    """Keep that a person has seen to an alert, and what they did. Once. Raises AlertRefused."""
    if not note.strip():
        raise AlertRefused(fields={"note": "Say what is done about it."})
    sentences = {"recovery_alertacknowledgement_alert_id_key": "Somebody has seen to this already."}
    with told_in_words(AlertRefused, sentences), transaction.atomic():
        return AlertAcknowledgement.objects.create(alert=alert, note=note.strip(), acknowledged_by=by)


def mail_alerts(*, as_of: date) -> int:
    """Send one e-mail about a day's open alerts to all managers with an address, hidden from each other; return to how many."""
    people = User.objects.filter(role=Role.MANAGER, is_active=True).exclude(email="")
    addresses = sorted(set(people.values_list("email", flat=True)))
    alerts = list(open_alerts().filter(as_of=as_of))
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
