"""What is watched for fairness stays out of training, unless a person said that it may be learned from, and why."""

from collections.abc import Iterable

from scoring.ml.leaks.leak import Leak
from scoring.models import MonitoredAttribute


def find_watched(columns: Iterable[str]) -> list[Leak]:
    """Return those columns that are monitored, whatever their case, with what is done about each; for the card."""
    watched = {row.name.lower(): row for row in MonitoredAttribute.objects.current()}
    found = []
    for name in map(str, columns):
        if (row := watched.get(name.lower())) is not None:
            action = f"kept, as {row.declared_by or 'nobody named'} said: {row.reason}" if row.may_train else "left out"
            found.append(Leak(name, "monitored_attribute", "watched for fairness", action))
    return found
