"""A change of the books makes a fresh score: at once for a single change, by the worker for many or where that failed."""

import threading
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from borrowers.models import Loan, Payment
from borrowers.services import record_payment
from borrowers.signals import books_changed
from creditpath.jobs.registry import sweeps
from scoring import signals
from scoring.engine import stale
from scoring.engine.services import mark_stale, rescore_loans, rescore_stale, score_loans
from scoring.models import Score, ScoringRun, StaleLoan
from tests.factories import make_borrower, make_contact, make_loan, make_payment, make_promise, make_schedule
from tests.models import promote_logistic
from tests.scoring.threads import at_once, elsewhere

DAY = date(2026, 6, 30)

pytestmark = [pytest.mark.usefixtures("frozen_day"), pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def nothing_is_pending() -> Iterator[None]:
    signals._pending.loan_ids.clear()
    yield
    signals._pending.loan_ids.clear()


@pytest.fixture
def loan() -> Loan:
    """A loan with two instalments of 100 unpaid, the first for 29 days, scored."""
    loan = make_loan(instalments=[(date(2026, 6, 1), 100), (date(2026, 6, 20), 100)])
    promote_logistic()
    score_loans()
    return loan


def changed_loans(*, after: int) -> list[int]:
    """Return the loans of scores of changed loans by runs after a run, in order."""
    scores = Score.objects.filter(run__kind="stale", run__gt=after)
    return sorted(scores.values_list("loan", flat=True))


def last_run() -> int:
    return ScoringRun.objects.latest("id").pk


def newest(loan: Loan) -> Score:
    return Score.objects.current(purpose="default").get(loan=loan)


class TestAtOnce:
    def test_saving_a_payment_scores_the_loan_again_after_commit(self, loan: Loan) -> None:
        before = newest(loan)

        with transaction.atomic():
            make_payment(loan, DAY, 100)
            assert newest(loan) == before
            assert StaleLoan.objects.filter(loan=loan).exists()

        after = newest(loan)
        assert after != before
        assert after.pd < before.pd
        assert after.run.kind == ScoringRun.Kind.STALE
        assert not StaleLoan.objects.exists()

    def test_the_service_that_enters_payments_does_it_too(self, loan: Loan) -> None:
        before = newest(loan)

        record_payment(loan=loan, amount=Decimal(100))

        assert newest(loan).pd < before.pd

    def test_delinquency_is_refreshed_with_the_score(self, loan: Loan) -> None:
        make_payment(loan, DAY, 40)

        assert loan.delinquency.overdue_amount == 160

    def test_a_change_that_is_rolled_back_marks_and_scores_nothing(self, loan: Loan) -> None:
        runs = ScoringRun.objects.count()

        with pytest.raises(RuntimeError), transaction.atomic():
            make_payment(loan, DAY, 60)
            raise RuntimeError

        assert ScoringRun.objects.count() == runs
        assert not StaleLoan.objects.exists()

    def test_what_was_rolled_back_does_not_come_back_with_the_next_commit(self, loan: Loan) -> None:
        other = make_loan(instalments=[(date(2026, 6, 1), 100)])
        last = last_run()
        with pytest.raises(RuntimeError), transaction.atomic():
            make_payment(loan, DAY, 60)
            raise RuntimeError

        make_payment(other, DAY, 10)

        assert changed_loans(after=last) == [other.pk]

    @pytest.mark.parametrize("change", ["payment", "contact", "promise", "schedule"])
    def test_every_kind_of_entry_makes_a_fresh_score(self, loan: Loan, change: str) -> None:
        before = newest(loan)
        match change:
            case "payment":
                make_payment(loan, DAY, 10)
            case "contact":
                make_contact(loan.borrower, DAY)
            case "promise":
                make_promise(loan, made_on=DAY, due_on=DAY, amount=10)
            case "schedule":
                make_schedule(loan, [(date(2026, 12, 1), 100)], effective_on=DAY, version=2)

        assert newest(loan) != before

    def test_a_correction_of_the_loan_itself_makes_a_fresh_score(self, loan: Loan) -> None:
        before = newest(loan)

        loan.principal_amount += 1
        loan.save()

        assert newest(loan) != before

    def test_the_borrowers_other_loans_that_owe_are_scored_again_too(self, loan: Loan) -> None:
        other = make_loan(borrower=loan.borrower, instalments=[(date(2026, 7, 20), 100)])
        settled = make_loan(
            borrower=loan.borrower, instalments=[(date(2026, 3, 1), 100)], payments=[(date(2026, 3, 1), 100)]
        )
        stranger = make_loan(borrower=make_borrower(), instalments=[(date(2026, 7, 20), 100)])
        last = score_loans().run

        make_payment(loan, DAY, 10)

        assert changed_loans(after=last) == [loan.pk, other.pk]
        assert not {settled.pk, stranger.pk} & set(changed_loans(after=last))

    def test_a_loan_paid_in_full_gets_no_new_score_and_no_mark(self, loan: Loan) -> None:
        before = newest(loan)

        make_payment(loan, DAY, 200)

        assert newest(loan) == before
        assert Loan.objects.get().delinquency.bucket == "paid_off"
        assert not StaleLoan.objects.exists()

    def test_many_changes_in_one_transaction_make_one_run(self, loan: Loan) -> None:
        runs = ScoringRun.objects.count()

        with transaction.atomic():
            for _ in range(5):
                make_payment(loan, DAY, 5)

        assert ScoringRun.objects.count() == runs + 1

    def test_every_live_model_scores_a_changed_loan(self, loan: Loan) -> None:
        promote_logistic(purpose="pays_30")
        last = last_run()

        make_payment(loan, DAY, 10)

        purposes = Score.objects.filter(run__gt=last).values_list("run__model__purpose", flat=True)
        assert sorted(purposes) == ["default", "pays_30"]

    def test_one_payment_to_a_fresh_score_keeps_to_its_query_budget(
        self, loan: Loan, django_assert_max_num_queries: Any
    ) -> None:
        with django_assert_max_num_queries(36):
            make_payment(loan, DAY, 10)


class TestLeftToTheWorker:
    def test_without_a_champion_the_mark_stays(self) -> None:
        loan = make_loan(instalments=[(date(2026, 6, 1), 100)])

        make_payment(loan, DAY, 10)

        assert StaleLoan.objects.filter(loan=loan).exists()

    def test_more_than_fifty_loans_at_once_are_left_to_the_sweep(self, loan: Loan) -> None:
        loans = [make_loan(instalments=[(date(2026, 7, 20), 100)]) for _ in range(51)]
        last = score_loans().run

        with transaction.atomic():
            books_changed.send(sender=Loan, loan_ids=[one.pk for one in loans])
        assert last_run() == last

        sweeps["stale_scores"].function()
        assert not StaleLoan.objects.exists()
        assert changed_loans(after=last) == [one.pk for one in loans]

    def test_a_failure_leaves_the_payment_in_and_the_mark_for_the_worker(
        self, loan: Loan, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        before = newest(loan)
        with monkeypatch.context() as broken:
            broken.setattr(stale, "run_model", fail)
            payment = make_payment(loan, DAY, 100)

        assert Payment.objects.filter(pk=payment.pk).exists()
        assert newest(loan) == before
        assert StaleLoan.objects.filter(loan=loan).exists()
        assert "the worker will do it" in caplog.text

        assert rescore_stale().n_marked == 1
        assert newest(loan).pd < before.pd

    def test_stale_only_scores_the_changed_loans_alone(self, loan: Loan) -> None:
        make_loan(instalments=[(date(2026, 7, 20), 100)])
        last = score_loans().run
        mark_stale(loan_ids=[loan.pk])

        report = score_loans(stale_only=True)

        assert report.as_json()["n_scored"] == 1
        assert changed_loans(after=last) == [loan.pk]
        assert "1 loans whose books changed" in report.summary()
        assert "No loan's books have changed" in score_loans(stale_only=True).summary()

    def test_one_bad_loan_does_not_stop_the_others(
        self, loan: Loan, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        good = make_loan(instalments=[(date(2026, 6, 10), 100)])
        mark_stale(loan_ids=[loan.pk, good.pk])
        original = stale.refresh_delinquency

        def refuse_bad(**arguments: Any) -> Any:
            if loan.pk in arguments["loans"]:
                raise RuntimeError("bad loan")
            return original(**arguments)

        monkeypatch.setattr(stale, "refresh_delinquency", refuse_bad)
        report = rescore_stale()

        assert (report.n_failed, report.as_json()["n_scored"]) == (1, 1)
        assert "1 failed and stay marked" in report.summary()
        assert list(StaleLoan.objects.values_list("loan", flat=True)) == [loan.pk]

    def test_the_sweep_rests_on_empty_books(self) -> None:
        sweeps["stale_scores"].function()
        assert not ScoringRun.objects.exists()


class TestAtTheSameTime:
    def test_two_workers_share_the_marked_loans_and_double_none(
        self, loan: Loan, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        loans = [make_loan(instalments=[(date(2026, 6, day), 100)]) for day in range(1, 21)]
        last = score_loans().run
        monkeypatch.setattr(stale, "LOANS_AT_ONCE", 3)
        mark_stale(loan_ids=[one.pk for one in loans])

        reports = at_once(rescore_stale, rescore_stale, rescore_stale)

        assert sum(report.n_marked for report in reports) == 20
        assert changed_loans(after=last) == [one.pk for one in loans]
        assert not StaleLoan.objects.exists()

    def test_a_payment_that_comes_while_its_loan_is_re_scored_is_in_the_next_score(
        self, loan: Loan, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mark_stale(loan_ids=[loan.pk])
        original = stale.run_model
        payer = threading.Thread(target=lambda: at_once(lambda: make_payment(loan, DAY, 60)))

        def pay_meanwhile(*arguments: Any, **options: Any) -> Any:
            report = original(*arguments, **options)
            if not payer.ident:
                payer.start()
                payer.join(timeout=0.5)
                assert payer.is_alive(), "the payment's mark waits for the one that is in hand"
            return report

        monkeypatch.setattr(stale, "run_model", pay_meanwhile)
        rescore_loans(loan_ids=[loan.pk])
        payer.join(timeout=30)

        assert Payment.objects.filter(loan=loan).count() == 1
        assert newest(loan).vector.values[2] == pytest.approx(1.0)
        assert Loan.objects.get().delinquency.overdue_amount == 140
        assert not StaleLoan.objects.exists()

    def test_a_change_during_a_batch_is_scored_at_once_and_again_after_it(self, loan: Loan) -> None:
        paid = []

        def pay(done: int, total: int, message: str) -> None:
            if message == "scores" and not paid:
                paid.append(elsewhere(lambda: make_payment(loan, DAY, 60)))

        score_loans(progress=pay)

        assert StaleLoan.objects.filter(loan=loan).exists()
        rescore_stale()
        assert newest(loan).run.kind == "stale"
        assert newest(loan).run.known_at > paid[0].booked_at
        assert not StaleLoan.objects.exists()

    def test_the_sweep_stands_aside_while_a_batch_is_under_way(self, loan: Loan) -> None:
        answers: list[Any] = []

        def sweep_meanwhile(done: int, total: int, message: str) -> None:
            if not answers:
                mark_stale(loan_ids=[loan.pk])
                answers.append(elsewhere(rescore_stale))

        score_loans(progress=sweep_meanwhile)

        assert answers[0].n_marked == 0


def fail(*arguments: Any, **options: Any) -> None:
    raise RuntimeError("no")


def test_the_mark_says_when(loan: Loan) -> None:
    mark_stale(loan_ids=[loan.pk])
    first = StaleLoan.objects.get().marked_at

    mark_stale(loan_ids=[loan.pk])

    assert StaleLoan.objects.get().marked_at > first
    assert timedelta() < StaleLoan.objects.get().marked_at - first < timedelta(minutes=1)
