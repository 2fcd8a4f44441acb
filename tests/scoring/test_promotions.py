"""A model goes live by two people, after a validation by a third eye and a comparison on the same rows; the database insists."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from creditpath.accounts.models import Role, User
from scoring.errors import PromotionConflict, PromotionRefused, ValidationRefused
from scoring.models import (
    Challenger,
    Comparison,
    Deployment,
    FindingClosure,
    ModelVersion,
    PromotionDecision,
    PromotionProposal,
    Validation,
    ValidationFinding,
)
from scoring.registry.promoting import report_proposal
from scoring.registry.services import (
    close_finding,
    decide_promotion,
    end_challenge,
    find_live,
    get_champion,
    name_challenger,
    propose_promotion,
    register_model,
    retire_model,
    validate_model,
)
from scoring.registry.validating import Found
from tests.models import PROOF, TIER_EDGES, logistic_graph, person, promote, register_logistic

pytestmark = pytest.mark.django_db


@pytest.fixture
def trainer() -> User:
    return person("trainer")


def register_by(trainer: User | None, *, metrics: dict[str, Any] | None = None, segment: str = "") -> ModelVersion:
    return register_model(
        purpose="default", algorithm="logistic", onnx=logistic_graph(), target={"at": "monthly", "horizon_days": 90},
        data_window={"rows": 1000}, metrics=metrics or {"auc": 0.7, "has_signal": True}, parity=PROOF, threshold=0.2,
        tier_edges=TIER_EDGES, is_simulated=True, trained_by=trainer, segment=segment,
    )  # fmt: skip


def validated(model: ModelVersion, outcome: str = "fit") -> ModelVersion:
    validate_model(model=model, outcome=outcome, summary="all", validated_by=person("validator"))
    return model


def compared(model: ModelVersion, champion: ModelVersion, *, gain: float, is_unseen: bool = True) -> Comparison:
    day = date(2026, 2, 28)
    return Comparison.objects.create(
        model=model, champion=champion, first_day=day, last_day=day, n_rows=500, n_bad=50, rows_sha256="0" * 64,
        is_unseen=is_unseen, figures={"model": {"auc": 0.7}, "champion": {"auc": 0.7 - gain}},
        gain=gain, gain_low=gain - 0.02, gain_high=gain + 0.02,
    )  # fmt: skip


def refused_sql(sql: str, *parameters: Any) -> str:
    """Run a statement that the database must refuse; return the name of what refused it."""
    with pytest.raises(IntegrityError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(sql, parameters)
    return str(refusal.value.__cause__.diag.constraint_name)  # type: ignore[union-attr]


class TestTwoPeople:
    def test_what_one_proposes_and_another_approves_is_live(self, trainer: User) -> None:
        model = validated(register_by(trainer))
        proposal = propose_promotion(model=model, reason=" best by time ", proposed_by=trainer)
        assert not Deployment.objects.exists()

        report = decide_promotion(proposal=proposal, is_approved=True, decided_by=person("approver"))

        assert report.summary() == "default-logistic-1 is the champion of default."
        deployment = Deployment.objects.get()
        assert (deployment.reason, deployment.promoted_by) == ("best by time", trainer)
        assert deployment.decision is not None
        assert deployment.decision.decided_by == person("approver")
        assert get_champion() == model

    def test_nobody_approves_what_they_proposed_or_trained(self, trainer: User) -> None:
        proposal = propose_promotion(model=validated(register_by(trainer)), reason="x", proposed_by=person("proposer"))

        with pytest.raises(PromotionRefused, match="You proposed this"):
            decide_promotion(proposal=proposal, is_approved=True, decided_by=person("proposer"))
        with pytest.raises(PromotionRefused, match="You trained this"):
            decide_promotion(proposal=proposal, is_approved=True, decided_by=trainer)
        with pytest.raises(PromotionRefused):
            decide_promotion(proposal=proposal, is_approved=False, decided_by=person("approver"))  # says no reason

        assert not PromotionDecision.objects.exists()

    def test_raw_sql_meets_the_same_rules(self, trainer: User) -> None:
        model = validated(register_by(trainer))
        proposal = propose_promotion(model=model, reason="x", proposed_by=person("proposer"))
        decide = "INSERT INTO scoring_promotiondecision (proposal_id, is_approved, decided_by_id) VALUES (%s, true, %s)"
        go_live = (
            "INSERT INTO scoring_deployment (model_id, purpose, segment, decision_id, live_from, promoted_by_id, reason, "
            "retire_reason) VALUES (%s, 'default', '', %s, now(), %s, 'x', '')"
        )

        assert refused_sql(decide, proposal.pk, proposal.proposed_by_id) == "promotion_is_decided_by_a_second_person"
        assert refused_sql(decide, proposal.pk, trainer.pk) == "promotion_is_decided_by_another_than_the_trainer"
        assert refused_sql(go_live, model.pk, None, trainer.pk) == "deployment_is_what_a_second_person_approved"
        refused = PromotionDecision.objects.create(
            proposal=proposal, is_approved=False, reason="no", decided_by=person("approver")
        )
        assert (
            refused_sql(go_live, model.pk, refused.pk, proposal.proposed_by_id)
            == "deployment_is_what_a_second_person_approved"
        )

    def test_an_approval_is_of_its_model_and_segment_alone(self) -> None:
        model, other = register_logistic(), register_logistic()
        proposal = propose_promotion(model=model, reason="x", proposed_by=person("proposer"), in_spite_of="x")
        decision = PromotionDecision.objects.create(proposal=proposal, is_approved=True, decided_by=person("approver"))
        go_live = (
            "INSERT INTO scoring_deployment (model_id, purpose, segment, decision_id, live_from, promoted_by_id, reason, "
            "retire_reason) VALUES (%s, 'default', %s, %s, now(), %s, 'x', '')"
        )

        for model_id, segment in ((other.pk, ""), (model.pk, "31-60")):
            assert (
                refused_sql(go_live, model_id, segment, decision.pk, proposal.proposed_by_id)
                == "deployment_is_what_a_second_person_approved"
            )

    def test_a_proposal_is_decided_once_and_stands_alone(self) -> None:
        model = validated(register_by(None))
        proposal = propose_promotion(model=model, reason="x", proposed_by=person("proposer"))
        with pytest.raises(PromotionRefused, match="proposed already"):
            propose_promotion(model=model, reason="x", proposed_by=person("other"))

        decide_promotion(proposal=proposal, is_approved=False, reason="later", decided_by=person("approver"))

        with pytest.raises(PromotionRefused, match="decided already"):
            decide_promotion(proposal=proposal, is_approved=True, decided_by=person("approver"))
        with pytest.raises(IntegrityError), transaction.atomic():
            PromotionDecision.objects.create(proposal=proposal, is_approved=True, decided_by=person("approver"))
        propose_promotion(model=model, reason="again", proposed_by=person("other"))

    def test_an_approval_after_the_champion_changed_is_a_conflict(self) -> None:
        late = propose_promotion(model=register_logistic(), reason="x", proposed_by=person("proposer"), in_spite_of="x")
        promote(register_logistic())

        with pytest.raises(PromotionConflict, match="has changed"):
            decide_promotion(proposal=late, is_approved=True, decided_by=person("approver"))

    @pytest.mark.parametrize(
        "table",
        [
            "validation", "validationfinding", "findingclosure", "comparison", "promotionproposal", "promotiondecision",
        ],
    )  # fmt: skip
    def test_what_was_said_is_never_changed(self, table: str) -> None:
        for change in (f"UPDATE scoring_{table} SET id = id", f"DELETE FROM scoring_{table}"):
            assert refused_sql(change) == f"scoring_{table}_is_append_only"

    def test_the_champion_is_not_proposed_again(self) -> None:
        model = promote(register_logistic())
        with pytest.raises(PromotionRefused, match="already"):
            propose_promotion(model=model, reason="again", proposed_by=person("proposer"))


class TestDoubts:
    """A weak or worse model does not go live in silence."""

    def propose(self, model: ModelVersion, **options: Any) -> PromotionProposal:
        return propose_promotion(model=model, reason="x", proposed_by=person("proposer"), **options)

    def test_the_first_champion_needs_a_validation_and_no_comparison(self) -> None:
        model = register_by(None)
        with pytest.raises(PromotionRefused, match="Nobody but its trainer"):
            self.propose(model)

        assert self.propose(validated(model)).doubts == []

    def test_a_model_without_signal_says_why_all_the_same(self) -> None:
        weak = validated(register_by(None, metrics={"has_signal": False, "baseline": {"gain_low": -0.01}}))
        with pytest.raises(PromotionRefused, match="coin") as refusal:
            self.propose(weak)
        assert set(refusal.value.fields) == {"in_spite_of"}

        proposal = self.propose(weak, in_spite_of="nothing else is there")
        assert proposal.doubts == ["no_signal", "no_better_than_baseline"]

    def test_a_worse_model_says_why_and_a_better_one_need_not(self) -> None:
        champion = promote(validated(register_by(None)))
        model = validated(register_by(None))
        with pytest.raises(PromotionRefused, match="not compared"):
            self.propose(model)
        compared(model, champion, gain=-0.01)
        with pytest.raises(PromotionRefused, match="worse than the champion"):
            self.propose(model)
        compared(model, champion, gain=0.05, is_unseen=False)
        with pytest.raises(PromotionRefused, match="learned from"):
            self.propose(model)

        better = compared(model, champion, gain=0.01)

        proposal = self.propose(model)
        assert (proposal.doubts, proposal.comparison, proposal.champion) == ([], better, champion)

    def test_raw_sql_cannot_hide_a_doubt(self) -> None:
        model = register_by(None, metrics={"has_signal": False})
        sql = (
            "INSERT INTO scoring_promotionproposal (model_id, segment, doubts, reason, in_spite_of, proposed_by_id) "
            "VALUES (%s, '', '{}', 'x', %s, %s)"
        )

        assert refused_sql(sql, model.pk, " ", person("a").pk) == "doubtful_promotion_says_why_all_the_same"
        with connection.cursor() as cursor:
            cursor.execute(sql, [model.pk, "I want it", person("a").pk])
        assert PromotionProposal.objects.get().doubts == ["no_signal", "not_validated"]

    def test_a_comparison_with_another_champion_does_not_count(self) -> None:
        promote(register_logistic())
        model, other = validated(register_by(None)), register_logistic()
        stale = compared(model, other, gain=0.1)

        with pytest.raises(PromotionRefused, match="not compared"):
            self.propose(model)
        sql = (
            "INSERT INTO scoring_promotionproposal (model_id, segment, comparison_id, doubts, reason, in_spite_of, "
            "proposed_by_id) VALUES (%s, '', %s, '{}', 'x', 'x', %s)"
        )
        assert refused_sql(sql, model.pk, stale.pk, person("a").pk) == "comparison_is_with_the_champion_of_today"

    def test_a_doubt_that_came_up_since_stops_the_approval(self) -> None:
        model = validated(register_by(None))
        proposal = self.propose(model)
        validated(model, outcome="unfit")

        with pytest.raises(PromotionRefused, match="speaks against it"):
            decide_promotion(proposal=proposal, is_approved=True, decided_by=person("approver"))


class TestValidating:
    def test_the_trainer_does_not_validate(self, trainer: User) -> None:
        model = register_by(trainer)
        with pytest.raises(ValidationRefused, match="You trained this model"):
            validate_model(model=model, outcome="fit", summary="x", validated_by=trainer)

        sql = (
            "INSERT INTO scoring_validation (model_id, outcome, materiality, summary, validated_by_id) "
            "VALUES (%s, 'fit', 'high', 'x', %s)"
        )
        assert refused_sql(sql, model.pk, trainer.pk) == "model_is_validated_by_another_than_its_trainer"

    def test_a_grave_finding_stands_against_a_promotion_until_another_person_closes_it(self) -> None:
        model, owner = register_by(None), person("owner")
        found = Found("drifts in spring", "high", owner, date(2026, 9, 30))
        validate_model(
            model=model, outcome="with_findings", summary="x", validated_by=person("validator"), findings=[found]
        )
        finding = ValidationFinding.objects.open().get()
        with pytest.raises(PromotionRefused, match="grave finding"):
            propose_promotion(model=model, reason="x", proposed_by=person("proposer"))
        with pytest.raises(ValidationRefused, match="You are to put this right"):
            close_finding(finding=finding, remedy="done", closed_by=owner)
        sql = "INSERT INTO scoring_findingclosure (finding_id, remedy, closed_by_id) VALUES (%s, 'done', %s)"
        assert refused_sql(sql, finding.pk, owner.pk) == "finding_is_closed_by_another_than_its_owner"

        close_finding(finding=finding, remedy="month added", closed_by=person("validator"))

        assert not ValidationFinding.objects.open().exists()
        assert propose_promotion(model=model, reason="x", proposed_by=person("proposer")).doubts == []
        with pytest.raises(ValidationRefused, match="closed"):
            close_finding(finding=finding, remedy="again", closed_by=person("validator"))
        assert FindingClosure.objects.count() == 1

    def test_a_validation_says_what_was_looked_at(self) -> None:
        with pytest.raises(ValidationRefused) as refusal:
            validate_model(
                model=register_by(None), outcome="with_findings", summary=" ", validated_by=person("validator")
            )
        assert set(refusal.value.fields) == {"summary", "findings"}
        assert not Validation.objects.exists()


class TestSegments:
    def test_the_champion_of_a_segment_beats_the_one_for_all(self) -> None:
        everybody = promote(register_logistic())
        late = promote(register_logistic(), segment="31-60")

        live = find_live()

        assert [(one.model, one.segment) for one in live] == [(everybody, ""), (late, "31-60")]
        takers = {bucket: [one.model for one in live if one.takes(bucket)] for bucket in ("current", "31-60", "91+")}
        assert takers == {"current": [everybody], "31-60": [late], "91+": [everybody]}

    def test_serving_one_segment_after_learning_from_all_loans_is_told_everywhere(self, client_of: Any) -> None:
        wide, narrow = register_logistic(), register_by(None, segment="1-30")
        said = "It serves loans 1–30 days past due alone and learned from all loans"
        for model, is_said in ((wide, True), (narrow, False)):
            validated(model)
            proposal = propose_promotion(
                model=model, reason="r", proposed_by=person("one"), segment="1-30", in_spite_of="measured apart"
            )
            assert (said in report_proposal(proposal).summary()) is is_said
            moved = decide_promotion(proposal=proposal, is_approved=True, decided_by=person("two"))
            assert (said in moved.summary()) is is_said
            assert (said in moved.as_json()["scope_note"]) is is_said  # type: ignore[union-attr]
            client = client_of(Role.DATA_SCIENTIST)
            page = client.get(f"/models/{model.pk}/").content.decode()
            assert ("serves one segment, trained on all loans" in page) is is_said
            card = client.get(f"/models/{model.pk}/card/").content.decode()
            assert (said in card) is is_said
            assert (", trained on all loans" in card) is is_said

    def test_a_segment_has_one_champion(self) -> None:
        promote(register_logistic(), segment="31-60")
        second = promote(register_logistic(), segment="31-60")

        assert [one.model for one in find_live()] == [second]

    def test_a_model_of_a_segment_serves_no_other(self) -> None:
        with pytest.raises(PromotionRefused, match="trained on one segment"):
            promote(register_by(None, segment="1-30"))

    def test_retiring_the_champion_of_a_segment_gives_its_loans_back(self) -> None:
        everybody = promote(register_logistic())
        late = promote(register_logistic(), segment="31-60")

        retire_model(model=late, reason="drift", by=person("a"))

        assert [(one.model, one.takes("31-60")) for one in find_live()] == [(everybody, True)]


class TestChallengers:
    def test_a_challenger_runs_beside_the_champion_until_it_takes_over(self) -> None:
        promote(register_logistic())
        model = register_logistic()
        name_challenger(model=model, reason="newer data", named_by=person("a"))
        assert Challenger.objects.live().get().model == model
        with pytest.raises(PromotionRefused, match="challenger of these loans already"):
            name_challenger(model=model, reason="again", named_by=person("a"))

        promote(model)

        assert not Challenger.objects.live().exists()
        assert Challenger.objects.get().end_reason == "became the champion"

    def test_the_champion_does_not_challenge_itself_and_history_stays(self) -> None:
        with pytest.raises(PromotionRefused, match="is the champion"):
            name_challenger(model=promote(register_logistic()), reason="x", named_by=person("a"))
        challenger = name_challenger(model=register_logistic(), reason="x", named_by=person("a"))
        assert refused_sql("UPDATE scoring_challenger SET reason = 'y'") == "challenger_only_ends_and_ends_once"
        assert refused_sql("DELETE FROM scoring_challenger") == "scoring_challenger_is_append_only"

        end_challenge(challenger=challenger, reason="no better", by=person("a"))

        assert refused_sql("UPDATE scoring_challenger SET live_until = now()") == "challenger_only_ends_and_ends_once"


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=ZoneInfo("America/New_York"))


def test_which_model_was_live_on_a_day_is_one_query(django_assert_num_queries: Any, time_machine_at: Any) -> None:
    with time_machine_at(at(10, 15)):
        first = promote(register_logistic())
    with time_machine_at(at(20, 9)):
        second = promote(register_logistic())

    with django_assert_num_queries(1):
        by_day = {
            day: [
                (one.model.name, one.decision and one.decision.decided_by.username)
                for one in Deployment.objects.live_on(date(2026, 3, day)).with_people()
            ]
            for day in (20,)
        }
    assert by_day == {20: [(first.name, "approver"), (second.name, "approver")]}
    assert not Deployment.objects.live_on(date(2026, 3, 9)).exists()
    assert Deployment.objects.live_on(date(2026, 3, 10)).get().model == first
    assert Deployment.objects.live_on(date(2026, 3, 19)).get().model == first
    assert Deployment.objects.live_on(date(2026, 3, 21)).get().model == second


@pytest.fixture
def time_machine_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], Any]:
    def set_clock(instant: datetime) -> Any:
        patch = pytest.MonkeyPatch.context()

        class Clock:
            def __enter__(self) -> None:
                patch.__enter__().setattr("scoring.registry.promoting.timezone.now", lambda: instant)

            def __exit__(self, *error: Any) -> None:
                patch.__exit__(*error)

        return Clock()

    return set_clock


class TestCommands:
    def test_two_people_promote_by_name(self, people: dict[Role, User], capsys: pytest.CaptureFixture[str]) -> None:
        register_logistic()
        name, scientist, manager = "default-logistic-1", "data_scientist", "manager"
        with pytest.raises(CommandError, match="Nobody but its trainer"):
            call_command("promote_model", name, reason="first", person=scientist)
        call_command("validate_model", name, outcome="fit", summary="all", person="analyst")

        call_command("promote_model", name, reason="first", person=scientist)
        with pytest.raises(CommandError, match="You proposed this"):
            call_command("promote_model", name, approve=True, person=scientist)
        call_command("promote_model", name, approve=True, person=manager, json=True)
        call_command("show_live_models")
        call_command("retire_model", name, reason="drift", person=scientist)

        out = capsys.readouterr().out
        assert "a second person decides" in out
        assert '"is_live": true' in out
        assert "approved by manager" in out
        assert "default-logistic-1 is retired" in out

    @pytest.mark.parametrize(("who", "words"), [("nobody", "Nobody active"), ("agent", "may not do this")])
    def test_only_whoever_may_promotes(self, people: dict[Role, User], who: str, words: str) -> None:
        register_logistic()
        with pytest.raises(CommandError, match=words):
            call_command("promote_model", "default-logistic-1", reason="x", person=who)

    def test_an_unknown_name_is_told_with_the_names_there_are(self, people: dict[Role, User]) -> None:
        register_logistic()
        with pytest.raises(CommandError, match=r"No model is called nope\. The newest are: default-logistic-1"):
            call_command("promote_model", "nope", reason="x", person="data_scientist")
