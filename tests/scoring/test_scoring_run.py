"""A batch over the portfolio: who is scored, with what, and all or nothing."""

import json
import threading
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.utils import timezone

from borrowers.errors import DayNotClosed
from borrowers.models import Loan
from borrowers.services import set_business_date
from scoring.asking import ask_loans
from scoring.engine import running
from scoring.engine.services import is_batch_under_way, mark_stale, score_loans
from scoring.errors import NoChampion, RunUnderWay, UnknownEngine
from scoring.features.definition import FEATURE_NAMES
from scoring.models import FeatureVector, ModelVersion, Score, ScoringRun, StaleLoan, Tier
from scoring.registry.services import register_model
from tests.factories import at, make_borrower, make_loan, make_payment
from tests.models import PROOF, logistic_graph, pd_by_hand, promote, promote_logistic, register_logistic
from tests.scoring.threads import at_once, elsewhere

DAY = date(2026, 6, 30)

pytestmark = [pytest.mark.usefixtures("frozen_day"), pytest.mark.django_db]


def late_loan(days: int) -> Loan:
    """A loan of one instalment that has been unpaid for so many days."""
    return make_loan(instalments=[(DAY - timedelta(days=days), 100)])


@pytest.fixture
def portfolio() -> list[Loan]:
    """Four loans that owe, one paid off and one written off."""
    loans = [late_loan(days) for days in (0, 20, 45, 95)]
    make_loan(instalments=[(date(2026, 6, 1), 100)], payments=[(date(2026, 6, 1), 100)])
    make_loan(instalments=[(date(2026, 1, 1), 100)], written_off_on=date(2026, 5, 1))
    return loans


class TestWhoIsScored:
    def test_every_loan_that_owes_gets_the_probability_of_the_graph(self, portfolio: list[Loan]) -> None:
        promote_logistic()

        report = score_loans()

        assert (report.n_scored, report.n_unscored) == (4, 0)
        assert report.left_out == {"paid off": 1, "written off": 1}
        for loan, days in zip(portfolio, (0, 20, 45, 95), strict=True):
            late = {"days_past_due": days, "instalments_past_due": int(days > 0), "overdue_ratio": float(days > 0)}
            score = Score.objects.current(purpose="default").get(loan=loan)
            assert score.pd == pytest.approx(pd_by_hand(late), abs=1e-6)
            assert score.vector.loan == loan
            assert score.tier == score.run.model.tier_of(score.pd)

    def test_the_champion_of_a_segment_scores_its_loans_and_the_one_for_all_the_others(
        self, portfolio: list[Loan]
    ) -> None:
        everybody = promote_logistic()
        late = promote(register_logistic(days_past_due=1.0), segment="31-60")

        report = score_loans()

        by_model = {run.model.name: run.n_scored for run in ScoringRun.objects.select_related("model")}
        assert by_model == {everybody.name: 3, late.name: 1}
        assert report.segments[0].model == late.name  # type: ignore[union-attr]
        assert "served by the model of another segment" in report.summary()
        current = Score.objects.current(purpose="default").select_related("run")
        assert {score.loan_id for score in current if score.run.model_id == late.pk} == {portfolio[2].pk}
        assert not StaleLoan.objects.exists()
        answers = ask_loans(loan_ids=[loan.pk for loan in portfolio])
        assert [one.model for one in answers.results] == [everybody.name, everybody.name, late.name, everybody.name]

    def test_the_report_has_the_agreed_keys(self, portfolio: list[Loan]) -> None:
        promote_logistic()

        answer = score_loans().as_json()

        assert {
            "run", "model", "engine", "as_of", "n_scored", "n_unscored", "seconds", "rows_per_second",
        } <= answer.keys()  # fmt: skip
        assert answer["engine"] == "onnxruntime"

    def test_a_past_day_is_scored_as_it_was_known(self) -> None:
        promote_logistic()
        loan = make_loan(instalments=[(date(2026, 5, 1), 100)])
        make_payment(loan, date(2026, 5, 1), 100, booked=date(2026, 6, 5))

        late = score_loans(as_of=date(2026, 5, 31))
        now = score_loans()

        assert (late.n_scored, now.n_scored) == (1, 0)
        assert timezone.localdate(Score.objects.get().run.known_at) == date(2026, 5, 31)

    def test_a_day_that_is_not_closed_is_refused(self) -> None:
        promote_logistic()
        with pytest.raises(DayNotClosed):
            score_loans(as_of=DAY + timedelta(days=1))

    def test_without_a_champion_nothing_is_scored(self, portfolio: list[Loan]) -> None:
        register_logistic()
        with pytest.raises(NoChampion):
            score_loans()
        assert not ScoringRun.objects.exists()

    def test_an_unknown_engine_is_refused_by_name(self) -> None:
        with pytest.raises(UnknownEngine, match="no engine 'warp'"):
            score_loans(engine="warp")

    def test_books_without_loans_give_an_empty_run(self) -> None:
        promote_logistic()
        report = score_loans()
        assert (report.n_scored, report.rows_per_second) == (0, 0)

    def test_a_model_trained_at_approval_scores_each_loan_as_it_stood_at_approval(self) -> None:
        borrower = make_borrower()
        make_loan(borrower=borrower, instalments=[(date(2026, 5, 1), 100)], payments=[(date(2026, 5, 9), 100)])
        loan = make_loan(
            borrower=borrower,
            approved_on=date(2026, 5, 9),
            approved_at=at(date(2026, 5, 9), 11),
            instalments=[(date(2026, 6, 8), 100)],
        )
        promote_at_approval()

        score_loans()

        [score] = Score.objects.all()
        assert score.loan == loan
        assert (score.run.as_of, score.vector.as_of, score.vector.known_at) == (
            DAY,
            date(2026, 5, 9),
            max(at(date(2026, 5, 9), 11), loan.booked_at),
        )
        features = dict(zip(FEATURE_NAMES, score.vector.values, strict=True))
        assert features["days_on_book"] == 0
        assert features["days_past_due"] == 0

    def test_a_loan_approved_today_has_one_vector_of_its_approval_and_one_of_now(self) -> None:
        borrower = make_borrower()
        make_loan(
            borrower=borrower,
            instalments=[(DAY, 100)],
            payments=[(DAY, 100, at(DAY, 18))],
            approved_on=date(2026, 6, 1),
        )
        loan = make_loan(
            borrower=borrower,
            approved_on=DAY,
            approved_at=at(DAY, 12),
            booked=at(DAY, 12),
            instalments=[(date(2026, 7, 30), 100)],
        )
        promote_at_approval()
        promote_logistic()

        for _ in range(2):
            score_loans(purpose="attribute:flag")
            score_loans(purpose="default")

        settled = FEATURE_NAMES.index("settled_loans")
        for purpose, n_settled in (("attribute:flag", 0), ("default", 1)):
            vectors = {s.vector for s in Score.objects.filter(loan=loan, run__model__purpose=purpose)}
            assert [vector.values[settled] for vector in vectors] == [n_settled]
        assert FeatureVector.objects.filter(loan=loan).count() == 2

    def test_each_purpose_is_scored_apart(self, portfolio: list[Loan]) -> None:
        promote_logistic()
        promote_logistic(purpose="pays_30", days_past_due=-0.1)

        default, pays = score_loans(), score_loans(purpose="pays_30")

        assert (default.purpose, pays.purpose) == ("default", "pays_30")
        assert Score.objects.current(purpose="default").count() == 4
        assert Score.objects.current(purpose="pays_30").count() == 4
        assert FeatureVector.objects.count() == 4

    def test_tiers_of_many_are_the_tier_of_each(self) -> None:
        model = register_logistic()
        edges = model.tier_edges
        pd = np.array([0, *edges, *(np.nextafter(edges, 0)), 0.05, 0.2, 0.59, 1])

        assert running.tiers_of(model, pd) == [model.tier_of(value) for value in pd]
        assert set(running.tiers_of(model, pd)) == set(Tier.values)

    def test_many_chunks_give_the_same_scores_as_one(
        self, portfolio: list[Loan], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        promote_logistic()
        whole = score_loans()
        monkeypatch.setattr(running, "ROWS_AT_ONCE", 1)

        parts = score_loans()

        pds = [
            list(Score.objects.filter(run=r.run).order_by("loan").values_list("pd", "vector")) for r in (whole, parts)
        ]
        assert pds[0] == pds[1]

    def test_a_run_costs_a_fixed_number_of_queries(
        self, portfolio: list[Loan], django_assert_max_num_queries: Any
    ) -> None:
        promote_logistic()
        with django_assert_max_num_queries(30):
            score_loans()

    def test_the_command_prints_one_json_object(
        self, portfolio: list[Loan], capsys: pytest.CaptureFixture[str]
    ) -> None:
        promote_logistic()
        call_command("build_features", as_of=DAY)
        call_command("score_loans", as_of=DAY, json=True)

        lines = capsys.readouterr().out.splitlines()
        assert lines[0].startswith("Features")
        assert json.loads(lines[-1])["n_scored"] == 4

    def test_the_command_says_in_one_line_what_is_missing(self) -> None:
        with pytest.raises(CommandError, match="No model is live: train one and promote it first"):
            call_command("score_loans")


class TestAllOrNothing:
    def test_a_run_that_fails_half_way_shows_nothing_and_the_next_is_fine(
        self, portfolio: list[Loan], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        promote_logistic()
        before = score_loans()
        monkeypatch.setattr(running, "ROWS_AT_ONCE", 1)

        def fail_after_second_score(done: int, total: int, message: str) -> None:
            if message == "scores" and done == total - 2:
                raise RuntimeError("power cut")

        with pytest.raises(RuntimeError):
            score_loans(progress=fail_after_second_score)

        assert set(Score.objects.values_list("run", flat=True)) == {before.run}
        assert ScoringRun.objects.get(published_at=None).n_scored == 0
        assert not is_batch_under_way()
        after = score_loans()
        assert after.n_scored == 4
        assert set(Score.objects.current(purpose="default").values_list("run", flat=True)) == {after.run}

    def test_marks_of_changes_that_the_run_includes_are_removed(self, portfolio: list[Loan]) -> None:
        promote_logistic()
        assert StaleLoan.objects.exists()

        score_loans()

        assert not StaleLoan.objects.exists()

    def test_marks_stay_where_another_live_model_has_not_answered_them(self, portfolio: list[Loan]) -> None:
        promote_logistic()
        promote_logistic(purpose="pays_30")
        marked = StaleLoan.objects.count()

        score_loans()

        assert StaleLoan.objects.count() == marked > 0

    def test_scoring_a_past_day_answers_no_mark(self, portfolio: list[Loan]) -> None:
        promote_logistic()
        marked = StaleLoan.objects.count()

        score_loans(as_of=date(2026, 5, 31))

        assert StaleLoan.objects.count() == marked > 0


@pytest.mark.django_db(transaction=True)
class TestAtTheSameTime:
    def test_a_reader_never_sees_half_a_run(self, portfolio: list[Loan], monkeypatch: pytest.MonkeyPatch) -> None:
        promote_logistic()
        monkeypatch.setattr(running, "ROWS_AT_ONCE", 1)
        seen = []

        def look(done: int, total: int, message: str) -> None:
            if message == "scores":
                seen.append(elsewhere(lambda: (Score.objects.count(), Score.objects.published().count())))

        score_loans(progress=look)

        assert seen == [(0, 0)] * 4
        assert Score.objects.published().count() == 4

    def test_a_second_run_of_the_day_is_refused_naming_the_first(self, portfolio: list[Loan]) -> None:
        promote_logistic()
        refusals: list[Exception] = []

        def try_another(done: int, total: int, message: str) -> None:
            if not refusals:
                refusals.extend(at_once(score_loans))

        report = score_loans(progress=try_another)

        assert isinstance(refusals[0], RunUnderWay)
        assert f"Run {report.run} of default-logistic-1" in str(refusals[0])
        assert report.n_scored == 4

    def test_a_run_of_another_purpose_may_go_on_beside_it(self, portfolio: list[Loan]) -> None:
        promote_logistic()
        promote_logistic(purpose="pays_30")
        beside: list[Any] = []

        def score_beside(done: int, total: int, message: str) -> None:
            if not beside:
                beside.append(elsewhere(lambda: score_loans(purpose="pays_30")))

        score_loans(progress=score_beside)

        assert beside[0].n_scored == 4

    def test_a_killed_session_lets_go_and_leaves_no_score(self, portfolio: list[Loan]) -> None:
        promote_logistic()

        def kill(done: int, total: int, message: str) -> None:
            if message == "scores":
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_backend_pid()")
                    [pid] = cursor.fetchone()
                elsewhere(lambda: terminate(pid))

        answers = at_once(lambda: score_loans(progress=kill))

        assert isinstance(answers[0], OperationalError)
        assert not Score.objects.exists()
        assert not is_batch_under_way()
        assert score_loans().n_scored == 4

    def test_a_promotion_during_a_run_changes_nothing_in_that_run(self, portfolio: list[Loan]) -> None:
        first = promote_logistic()
        promoted = threading.Event()

        def promote(done: int, total: int, message: str) -> None:
            if not promoted.is_set():
                promoted.set()
                elsewhere(lambda: promote_logistic(days_past_due=1.0))

        report = score_loans(progress=promote)

        assert report.model == first.name
        assert set(Score.objects.values_list("run__model", flat=True)) == {first.pk}

    def test_a_change_during_a_run_keeps_its_mark(self, portfolio: list[Loan]) -> None:
        promote_logistic()
        mark_stale(loan_ids=[loan.pk for loan in portfolio])

        def pay(done: int, total: int, message: str) -> None:
            if message == "scores":
                elsewhere(lambda: make_payment(portfolio[2], DAY, 100))

        score_loans(progress=pay)

        assert list(StaleLoan.objects.values_list("loan", flat=True)) == [portfolio[2].pk]


def promote_at_approval() -> ModelVersion:
    """Return a champion that was trained on loans as they stood at approval."""
    model = register_model(
        purpose="attribute:flag",
        algorithm="logistic",
        onnx=logistic_graph({"settled_loans": 1.0}),
        target={"at": "approved_on"},
        data_window={},
        metrics={},
        parity=PROOF,
        threshold=0.2,
        tier_edges=[0.1, 0.3, 0.6],
        is_simulated=True,
    )
    promote(model, reason="labelled ledger")
    return model


def terminate(pid: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])


def test_the_business_date_moves_what_a_run_is_about(portfolio: list[Loan]) -> None:
    promote_logistic()
    set_business_date(day=DAY + timedelta(days=1), is_frozen=True)

    assert score_loans().as_of == DAY + timedelta(days=1)
