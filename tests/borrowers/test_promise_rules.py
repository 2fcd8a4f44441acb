"""When a promise counts as kept is data, and stands in one place."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from borrowers.models import PromiseRule
from borrowers.services import set_business_date
from tests.factories import make_loan, make_promise


def states(day: date) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT state FROM promise_states(%s, 'infinity') ORDER BY promise_id", [day])
        return [state for (state,) in cursor]


def test_a_new_rule_judges_promises_made_from_its_day_on(frozen_day: date) -> None:
    rule_day = frozen_day + timedelta(days=1)
    PromiseRule.objects.create(effective_from=rule_day, grace_days=10, kept_ratio="0.5")
    for made_on, paid in ((frozen_day, 60), (rule_day, 60), (rule_day, 0)):
        loan = make_loan(instalments=[(date(2026, 5, 1), 300)], payments=[(rule_day, paid)] if paid else [])
        make_promise(loan, made_on=made_on, due_on=rule_day, amount=100)
    assert states(rule_day + timedelta(days=3)) == ["broken", "kept", "open"]
    assert states(rule_day + timedelta(days=11)) == ["broken", "kept", "broken"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE borrowers_promiserule SET grace_days = 9",
        "INSERT INTO borrowers_promiserule (effective_from, grace_days, kept_ratio) VALUES ('2026-06-30', 9, 0.5)",
        "INSERT INTO borrowers_promiserule (effective_from, grace_days, kept_ratio) VALUES ('2027-01-01', 9, 0)",
        (
            "INSERT INTO recovery_planterms (effective_from, grace_days, tolerance_ratio, missed_allowed, affordable_ratio)"
            " VALUES ('2026-06-01', 9, 0.1, 3, 1)"
        ),
    ],
)
def test_what_was_judged_stays_judged(frozen_day: date, statement: str) -> None:
    set_business_date(day=frozen_day)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
