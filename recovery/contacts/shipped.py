"""The rules that the product comes with, read from shipped.toml and written where a lender has none."""

import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from recovery.models import AnswerPeriod, ContactRule, Jurisdiction, LimitationPeriod, RetentionPeriod

FILE = Path(__file__).with_name("shipped.toml")
FROM_THE_BEGINNING = date(1970, 1, 1)


@transaction.atomic
def ensure_shipped_rules(*, using: str = "default") -> int:
    """Write jurisdictions, rules and periods that are missing and return how many; what is there stays.

    A version of the lender's own, be it a draft, keeps the shipped one of its jurisdiction out. A handful of queries.
    """
    shipped = tomllib.loads(FILE.read_text(encoding="utf-8"))
    known = set(Jurisdiction.objects.using(using).values_list("code", flat=True))
    places = [place for place in _jurisdictions(shipped) if place.code not in known]
    Jurisdiction.objects.using(using).bulk_create(places)
    approval = {
        "version": 1, "effective_from": FROM_THE_BEGINNING, "is_shipped": True, "approved_at": timezone.now(),
    }  # fmt: skip
    ruled = set(ContactRule.objects.using(using).values_list("jurisdiction_id", "profile"))
    rules = [
        ContactRule(
            jurisdiction_id=line["jurisdiction"],
            profile=profile,
            **_without(line, "jurisdiction", "profiles"),
            **approval,
        )
        for line in shipped["rule"]
        for profile in line["profiles"]
        if (line["jurisdiction"], profile) not in ruled
    ]
    ContactRule.objects.using(using).bulk_create(rules)
    timed = set(LimitationPeriod.objects.using(using).values_list("jurisdiction_id", flat=True))
    periods = [
        LimitationPeriod(
            jurisdiction_id=line["jurisdiction"], basis="law", **_without(line, "jurisdiction"), **approval
        )
        for line in shipped["limitation"]
        if line["jurisdiction"] not in timed
    ]
    LimitationPeriod.objects.using(using).bulk_create(periods)
    answered = set(AnswerPeriod.objects.using(using).values_list("kind", "jurisdiction_id"))
    answers = [
        AnswerPeriod(
            jurisdiction_id=line.get("jurisdiction"),
            effective_from=FROM_THE_BEGINNING,
            **_without(line, "jurisdiction"),
        )
        for line in shipped["answer_period"]
        if (line["kind"], line.get("jurisdiction")) not in answered
    ]
    AnswerPeriod.objects.using(using).bulk_create(answers)
    kept = set(RetentionPeriod.objects.using(using).values_list("jurisdiction_id", flat=True))
    keeping = [
        RetentionPeriod(jurisdiction_id=line.get("jurisdiction"), **_without(line, "jurisdiction"), **approval)
        for line in shipped["retention"]
        if line.get("jurisdiction") not in kept
    ]
    RetentionPeriod.objects.using(using).bulk_create(keeping)
    return len(places) + len(rules) + len(periods) + len(answers) + len(keeping)


def _without(line: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in line.items() if name not in names}


def _jurisdictions(shipped: dict[str, Any]) -> Iterator[Jurisdiction]:
    for place in shipped["jurisdiction"]:
        yield Jurisdiction(
            code=place["code"],
            name=place["name"],
            parent_id=place.get("parent"),
            time_zones=place.get("time_zones", []),
        )
    for zones, states in shipped["us_states"].items():
        for state in states.split(", "):
            code, _, name = state.partition(" ")
            yield Jurisdiction(code=f"US-{code}", name=name, parent_id="US", time_zones=zones.split(","))
    for code, (name, *zones) in shipped["eu_members"].items():
        yield Jurisdiction(code=code, name=name, parent_id="EU", time_zones=zones)
