"""Closing business days: every step once, in order, recorded, taken up where it failed."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from borrowers.closing.errors import (
    BooksAreFrozen,
    CloseStopped,
    DayNotBegun,
    SkipRefused,
    TooManyMissedDays,
)
from borrowers.closing.registry import Closing, registry
from borrowers.closing.services import Skip
from borrowers.errors import NoBusinessDate
from borrowers.models import BusinessDate, ClosingStep, DayClose, MonthEndSnapshot
from borrowers.services import close_of_business, get_business_date, set_business_date
from creditpath.accounts.models import Role, Team
from creditpath.jobs.registry import job_kinds, schedules
from recovery.models import Recommendation, WorklistItem
from scoring.models import ScoringRun
from tests.closing.conftest import DAY, figures, make_books
from tests.factories import make_payment
from tests.models import promote_logistic

NEXT = DAY + timedelta(days=1)
STEPS = [
    "advance_business_date", "refresh_delinquency", "score_loans", "monitor_models", "check_promises", "check_plans",
    "recommend_actions", "plan_worklists", "explain_scores", "alerts", "seal_evidence", "verify",
]  # fmt: skip

pytestmark = pytest.mark.django_db


@pytest.fixture
def fail_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Exception | None], None]:
    """Let a step fail after its work; None lets it end well again."""
    sound = dict(registry)

    def let_fail(name: str, error: Exception | None) -> None:
        def perform(closing: Closing) -> Mapping[str, Any]:
            figures = sound[name].perform(closing)
            if error is not None:
                raise error
            return figures

        monkeypatch.setitem(registry, name, replace(sound[name], perform=perform))

    return let_fail


def states(day: date) -> dict[str, tuple[str, int]]:
    rows = ClosingStep.objects.filter(close__day=day).order_by("position")
    return {row.name: (row.state, row.attempt) for row in rows}


def test_a_close_runs_every_step_once_and_records_it(team: Team) -> None:
    make_books(team)
    promote_logistic()
    report = close_of_business(day=NEXT)
    assert get_business_date() == NEXT
    assert list(states(NEXT).items()) == [(name, ("done", 1)) for name in STEPS]
    steps = {step.name: step for step in report.days[0].steps}
    assert steps["refresh_delinquency"].figures["n_loans"] == 3
    assert steps["score_loans"].figures["default"]["n_scored"] == 3
    assert steps["check_promises"].figures == {"open": 1}
    assert steps["verify"].figures["findings"] == []
    assert Recommendation.objects.filter(as_of=NEXT).count() == steps["recommend_actions"].figures["n"] > 0
    assert WorklistItem.objects.filter(as_of=NEXT).exists()
    close = DayClose.objects.get()
    assert (close.day, close.previous_day, close.state, close.is_catch_up) == (NEXT, DAY, "done", False)


def test_summary_tells_what_verify_found_and_takes_broken_promises_for_figures(team: Team) -> None:
    loans = make_books(team)
    report = close_of_business(day=DAY + timedelta(days=5))
    assert {step.name: step for step in report.days[-1].steps}["check_promises"].figures == {"broken": 1}
    assert "broken:" not in report.summary()
    BusinessDate.objects.update(day=DAY + timedelta(days=5))
    make_payment(loans[0], date(2025, 1, 1), 5, booked=date(2025, 1, 1))
    assert (
        "    broken: no payment or charge counts from before its loan was approved: payment"
        in close_of_business(day=DAY + timedelta(days=6)).summary()
    )


def test_a_day_is_closed_once(team: Team) -> None:
    make_books(team)
    close_of_business(day=NEXT)
    assert close_of_business(day=NEXT).days == ()
    assert "Nothing to close" in close_of_business(day=NEXT).summary()
    assert states(NEXT)["refresh_delinquency"] == ("done", 1)


def test_database_refuses_a_step_twice_a_day(team: Team) -> None:
    make_books(team)
    close_of_business(day=NEXT)
    with pytest.raises(IntegrityError, match="step_is_done_once_a_day"), transaction.atomic():
        ClosingStep.objects.create(close=DayClose.objects.get(), name="verify", position=90)


def test_without_a_model_scoring_is_left_out_and_says_why(team: Team) -> None:
    make_books(team)
    close_of_business(day=NEXT)
    step = ClosingStep.objects.get(name="score_loans")
    assert (step.state, step.skip_reason, step.skipped_by) == ("skipped", "no model is live", "")


def test_a_close_stops_at_a_step_that_fails_and_goes_on_there(team: Team, fail_at: Any) -> None:
    make_books(team)
    fail_at("check_promises", ValueError("something is wrong"))
    with pytest.raises(
        CloseStopped, match=r"stopped at check_promises: ValueError: something is wrong\. Start it again"
    ):
        close_of_business(day=NEXT)
    assert states(NEXT)["check_promises"] == ("failed", 1)
    assert "recommend_actions" not in states(NEXT)
    assert DayClose.objects.get().state == "failed"
    fail_at("check_promises", None)
    close_of_business(day=NEXT)
    assert states(NEXT)["check_promises"] == ("done", 2)
    assert states(NEXT)["refresh_delinquency"] == ("done", 1)
    assert DayClose.objects.get().state == "done"


def test_what_a_failed_step_wrote_is_undone(team: Team, fail_at: Any) -> None:
    make_books(team)
    fail_at("recommend_actions", ValueError("after the writing"))
    with pytest.raises(CloseStopped):
        close_of_business(day=NEXT)
    assert not Recommendation.objects.exists()


def test_a_step_is_skipped_with_reason_and_name(team: Team) -> None:
    make_books(team)
    promote_logistic()
    call_command("close_of_business", date=NEXT, skip=["score_loans"], reason="the model is under review")
    step = ClosingStep.objects.get(name="score_loans")
    assert (step.state, step.skip_reason) == ("skipped", "the model is under review")
    assert step.skipped_by
    assert not ScoringRun.objects.exists()


@pytest.mark.parametrize(
    ("steps", "reason", "message"),
    [
        (["tea"], "none left", "There is no step 'tea'; the steps are advance_business_date, refresh_delinquency"),
        (["advance_business_date"], "no", "cannot be skipped: every later step rests on it"),
        (["verify"], " ", "Say why"),
    ],
)
def test_a_skip_that_makes_no_sense_is_refused(team: Team, steps: list[str], reason: str, message: str) -> None:
    make_books(team)
    with pytest.raises(SkipRefused, match=message):
        close_of_business(day=NEXT, skip=Skip(steps, reason, by="somebody"))
    assert not DayClose.objects.exists()


def test_skip_without_reason_is_wrong_usage(team: Team) -> None:
    make_books(team)
    with pytest.raises(CommandError) as refusal:
        call_command("close_of_business", skip=["verify"])
    assert refusal.value.returncode == 2


# --- days -----------------------------------------------------------------------------------------------------------------
def test_missed_days_are_caught_up_with_in_order_and_end_as_if_closed_in_time(team: Team) -> None:
    loans = make_books(team)
    days = [DAY + timedelta(days=number) for number in range(1, 5)]  # the month ends on the second

    def book(day: date) -> None:
        """Enter what comes in on a day; the last one pays late for the month that has ended."""
        make_payment(loans[0], day, 10)
        if day == days[2]:
            make_payment(loans[1], days[1], 105, booked=day)

    def close_in_time() -> dict[str, Any]:
        for day in days:
            book(day)
            close_of_business(day=day)
        return figures() | {"promises": promises()}

    def close_after_all() -> dict[str, Any]:
        for day in days:
            book(day)
        close_of_business(day=days[-1])
        return figures() | {"promises": promises()}

    def promises() -> list[Any]:
        steps = ClosingStep.objects.filter(name="check_promises").order_by("close__day")
        return list(steps.values_list("close__day", "figures"))

    in_time = _and_undo(close_in_time)
    late = _and_undo(close_after_all)
    assert late == in_time
    assert [row[1] for row in in_time["month ends"]].count(date(2025, 6, 30)) == 3
    (snapshot,) = [row for row in in_time["month ends"] if row[:2] == ("C2", date(2025, 6, 30))]
    assert snapshot[2] == 2  # the late payment was not known then


def _and_undo(deed: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    with transaction.atomic():
        answer = deed()
        transaction.set_rollback(True)
    return answer


def test_missed_days_get_no_lists_that_nobody_could_work(team: Team) -> None:
    make_books(team)
    report = close_of_business(day=DAY + timedelta(days=3))
    assert [day.close.day for day in report.days] == [DAY + timedelta(days=number) for number in (1, 2, 3)]
    assert [day.close.is_catch_up for day in report.days] == [True, True, False]
    assert set(Recommendation.objects.values_list("as_of", flat=True)) == {DAY + timedelta(days=3)}
    skipped = ClosingStep.objects.get(close__day=NEXT, name="plan_worklists")
    assert "nobody works with this day" in skipped.skip_reason
    assert MonthEndSnapshot.objects.filter(as_of=date(2025, 6, 30)).count() == 3


def test_by_itself_a_close_goes_up_to_yesterday(team: Team) -> None:
    make_books(team)
    yesterday = timezone.localdate() - timedelta(days=1)
    set_business_date(day=yesterday - timedelta(days=1))
    close_of_business()
    assert get_business_date() == yesterday
    assert close_of_business().days == ()


def test_a_day_that_has_not_begun_is_not_closed(team: Team) -> None:
    make_books(team)
    with pytest.raises(DayNotBegun, match="has not begun yet"):
        close_of_business(day=timezone.localdate() + timedelta(days=1))


def test_books_of_long_ago_are_caught_up_with_only_when_asked(team: Team) -> None:
    make_books(team)
    with pytest.raises(TooManyMissedDays, match="say with --date up to which day"):
        close_of_business()


def test_empty_books_have_no_day_to_close(db: None) -> None:
    with pytest.raises(NoBusinessDate):
        close_of_business()


def test_a_demonstration_stays_on_its_day_unless_forced(team: Team) -> None:
    make_books(team)
    set_business_date(day=DAY, is_frozen=True)
    with pytest.raises(BooksAreFrozen, match="stay at 2025-06-28; --force closes one more day"):
        close_of_business(day=NEXT)
    close_of_business(is_forced=True)
    row = BusinessDate.objects.get()
    assert (row.day, row.is_frozen) == (NEXT, True)


def test_a_close_that_books_of_a_later_day_overtook_is_left(team: Team, fail_at: Any) -> None:
    make_books(team)
    fail_at("check_promises", ValueError("no"))
    with pytest.raises(CloseStopped):
        close_of_business(day=NEXT)
    fail_at("check_promises", None)
    set_business_date(day=NEXT + timedelta(days=5))  # as an import does
    close_of_business(day=NEXT + timedelta(days=6))
    assert DayClose.objects.get(day=NEXT).state == "overtaken"
    assert DayClose.objects.get(day=NEXT + timedelta(days=6)).state == "done"


# --- by the calendar, and where it is seen --------------------------------------------------------------------------------
def test_the_scheduler_asks_for_it_every_night() -> None:
    assert schedules["close of business"].cron == "30 0 * * *"
    assert schedules["close of business"].job in job_kinds


def test_the_job_leaves_a_demonstration_alone(team: Team) -> None:
    make_books(team)
    set_business_date(day=DAY, is_frozen=True)
    answer = job_kinds["close_of_business"].function()
    assert answer["days"] == []
    assert "demonstration" in answer["reason"]


def test_the_admin_shows_closes_with_their_steps(team: Team, client_of: Callable[[Role], Client], fail_at: Any) -> None:
    make_books(team)
    fail_at("check_promises", ValueError("the disk is full"))
    with pytest.raises(CloseStopped):
        close_of_business(day=NEXT)
    client = client_of(Role.ADMIN)
    page = client.get(reverse("admin:borrowers_dayclose_change", args=[DayClose.objects.get().pk])).content.decode()
    assert "the disk is full" in page
    home = client.get(reverse("home")).content.decode()
    assert "the close of 29 Jun 2025 stopped at check_promises" in home
