"""A draft on past days: a small case worked out by hand, facts as they were known, and what makes a replay count."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from creditpath.accounts.models import Role, User
from creditpath.jobs.models import Job
from recovery.errors import PolicyRefused
from recovery.jobs import replay_policy
from recovery.models import Policy, PolicyReplay, ReplayLine
from recovery.policymaking.pages import build_replay_page
from recovery.policymaking.services import find_replay, plan_replay, request_replay, run_replay
from recovery.services import change_policy, submit_policy, write_rule
from tests.factories import make_borrower, make_contact, make_loan, make_payment, make_reversal, make_user
from tests.recovery.policies import make_draft, put_in_force

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(frozen_day: date) -> User:
    return make_user(Role.MANAGER, username="writer")


@pytest.fixture
def in_force(manager: User, frozen_day: date) -> Policy:
    """Call everybody who is late, and nobody else."""
    policy = make_draft(manager, {"min_days_past_due": 1, "expected_minutes": 6}, title="Call all")
    approver = make_user(Role.ADMIN, username="approver")
    return put_in_force(policy, submitter=manager, approver=approver, day=frozen_day)


@pytest.fixture
def draft(manager: User, in_force: Policy) -> Policy:
    """Write to those who are late for the first month; call the rest."""
    return make_draft(
        manager,
        {"min_days_past_due": 1, "max_days_past_due": 30, "action": "sms", "expected_minutes": 1},
        {"min_days_past_due": 31, "expected_minutes": 6},
        title="Write first",
    )


def run(policy: Policy, by: User, *, days: int, every_days: int = 1) -> PolicyReplay:
    replay = plan_replay(policy=policy, by=by, days=days, every_days=every_days)
    run_replay(replay=replay, tell=lambda done, total, message: None)
    return replay


def lines(replay: PolicyReplay, day: date) -> dict[tuple[str, str], tuple[Any, ...]]:
    return {
        (line.side, line.action): (line.cases, line.blocked, line.minutes, line.payers, line.paid_amount)
        for line in ReplayLine.objects.filter(replay=replay, day=day)
    }


def test_small_case_worked_out_by_hand(frozen_day: date, manager: User, draft: Policy) -> None:
    """Three loans on 31 May and 30 June: one becomes later, one pays and is taken back, one pays all."""
    may = date(2026, 5, 31)
    old = make_loan(instalments=[(date(2026, 4, 1), 500)])  # 60 days late on 31 May, 90 on 30 June
    make_payment(old, date(2026, 6, 10), 100)
    make_reversal(make_payment(old, date(2026, 6, 12), 50), date(2026, 6, 20))
    young = make_loan(instalments=[(date(2026, 5, 21), 300)])  # 10 and 40 days late
    make_payment(young, date(2026, 6, 30), 20)
    cured = make_loan(instalments=[(date(2026, 5, 25), 200)])  # 6 days late, then paid
    make_payment(cured, date(2026, 6, 1), 200)
    make_loan(instalments=[(date(2026, 9, 1), 200)])  # nothing due
    replay = run(draft, manager, days=31, every_days=30)
    assert [replay.days_total, replay.cases, replay.cases_decided_otherwise] == [2, 5, 2]
    assert lines(replay, may) == {
        ("in_force", "call"): (3, 0, Decimal("18.0"), 3, Decimal("320.00")),
        ("draft", "sms"): (2, 0, Decimal("2.0"), 2, Decimal("220.00")),
        ("draft", "call"): (1, 0, Decimal("6.0"), 1, Decimal("100.00")),
    }
    assert lines(replay, frozen_day) == {
        ("in_force", "call"): (2, 0, Decimal("12.0"), None, None),
        ("draft", "call"): (2, 0, Decimal("12.0"), None, None),
    }
    page = build_replay_page(replay)
    assert (page.minutes_in_force, page.minutes_draft, page.n_whole_days) == (15.0, 10.0, 1)
    assert page.otherwise_ratio == pytest.approx(0.4)


def test_days_are_decided_from_what_was_known_at_their_end(frozen_day: date, manager: User, draft: Policy) -> None:
    """A payment that counts on 20 June but was booked on 25 June leaves 22 June as it was."""
    loan = make_loan(instalments=[(date(2026, 6, 1), 300)])
    make_payment(loan, date(2026, 6, 20), 300, booked=date(2026, 6, 25))
    replay = run(draft, manager, days=9)
    late = [line.day.day for line in replay.lines.filter(side="draft", action="sms")]
    assert late == [22, 23, 24]


def test_what_was_not_allowed_counts_under_the_action_that_was_wanted(
    frozen_day: date, manager: User, draft: Policy
) -> None:
    spoken, disputed = make_borrower(), make_borrower()
    for borrower in (spoken, disputed):
        make_loan(borrower=borrower, instalments=[(frozen_day - timedelta(days=50), 300)])
    make_contact(spoken, frozen_day - timedelta(days=3), outcome="refused")
    make_contact(disputed, frozen_day - timedelta(days=20), outcome="dispute", channel="email")
    replay = run(draft, manager, days=1)
    assert lines(replay, frozen_day) == {
        (side, action): values
        for side in ("draft", "in_force")
        for action, values in {
            "no_action": (2, 0, Decimal("0.0"), None, None),
            "call": (0, 1, Decimal("0.0"), None, None),
        }.items()
    }


def test_replay_leaves_the_decision_log_and_the_figures_of_the_day_alone(
    frozen_day: date, manager: User, draft: Policy
) -> None:
    from borrowers.models import Delinquency
    from recovery.models import Recommendation

    make_loan(instalments=[(date(2026, 6, 1), 300)])
    run(draft, manager, days=3)
    assert not Recommendation.objects.exists()
    assert not Delinquency.objects.exists()


def test_interrupted_replay_goes_on_where_it_stopped(frozen_day: date, manager: User, draft: Policy) -> None:
    make_loan(instalments=[(date(2026, 6, 1), 300)])
    replay = plan_replay(policy=draft, by=manager, days=3)

    def stop(done: int, total: int, message: str) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_replay(replay=replay, tell=stop)
    again = PolicyReplay.objects.get(pk=replay.pk)
    assert (again.state, again.days_done) == ("running", 2)
    run_replay(replay=again, tell=lambda done, total, message: None)
    assert (again.state, again.cases) == ("done", 3)


def test_submission_counts_only_a_replay_of_the_lines_as_they_stand(
    frozen_day: date, manager: User, draft: Policy
) -> None:
    make_loan(instalments=[(date(2026, 6, 1), 300)])
    replay = run(draft, manager, days=2)
    assert find_replay(draft) == replay
    write_rule(policy=draft, by=manager, rule=draft.rules.get(position=1), values={"max_days_past_due": 20})
    assert find_replay(draft) is None
    with pytest.raises(PolicyRefused, match="Try the draft on past days first"):
        submit_policy(policy=draft, by=manager)
    run(draft, manager, days=1)
    assert submit_policy(policy=draft, by=manager).state == "submitted"


def test_replay_is_of_the_draft_as_it_stands_whatever_the_caller_holds(
    frozen_day: date, manager: User, draft: Policy
) -> None:
    make_loan(instalments=[(date(2026, 6, 1), 300)])
    held = Policy.objects.get(pk=draft.pk)
    change_policy(policy=draft, by=manager, title="Half by lot", currency="", exploration_ratio=Decimal("0.5"))
    replay = run(held, manager, days=1)
    assert find_replay(draft) == replay
    assert not build_replay_page(PolicyReplay.objects.get(pk=replay.pk)).is_stale


def test_replay_that_is_done_is_evidence(frozen_day: date, manager: User, draft: Policy) -> None:
    make_loan(instalments=[(date(2026, 6, 1), 300)])
    run(draft, manager, days=1)
    for sql in (
        "UPDATE recovery_policyreplay SET cases = 0",
        "DELETE FROM recovery_policyreplay",
        "UPDATE recovery_replayline SET paid_amount = 1",
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)


def test_worker_runs_it_and_a_draft_edited_meanwhile_fails_with_the_reason(
    frozen_day: date, manager: User, draft: Policy
) -> None:
    make_loan(instalments=[(date(2026, 6, 1), 300)])
    first = request_replay(policy=draft, by=manager, days=2)
    assert Job.objects.get(pk=first.job_id).arguments == {"replay": first.pk}
    assert replay_policy(replay=first.pk)["cases"] == 2
    assert replay_policy(replay=first.pk) == {"replay": first.pk}
    second = request_replay(policy=draft, by=manager, days=2)
    write_rule(policy=draft, by=manager, rule=draft.rules.get(position=1), values={"max_days_past_due": 20})
    with pytest.raises(PolicyRefused):
        replay_policy(replay=second.pk)
    second.refresh_from_db()
    assert (second.state, second.error) == ("failed", "The draft was edited since: try it again.")


@pytest.mark.parametrize(("days", "every_days", "field"), [(0, 1, "days"), (400, 1, "days"), (5, 6, "every_days")])
def test_days_out_of_range_are_told_by_field(
    days: int, every_days: int, field: str, manager: User, draft: Policy
) -> None:
    with pytest.raises(PolicyRefused) as wrong:
        request_replay(policy=draft, by=manager, days=days, every_days=every_days)
    assert set(wrong.value.fields) == {field}
