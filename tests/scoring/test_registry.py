"""Models are registered with proof, one is live per purpose, and none is loaded unless its bytes are intact."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.db import IntegrityError, connection, transaction
from onnx import TensorProto, helper

from creditpath.accounts.models import Role, User
from scoring.errors import (
    ModelDoesNotFit,
    ModelNotAccepted,
    ModelTampered,
    NoChampion,
    PromotionConflict,
    RetirementRefused,
)
from scoring.features.definition import FEATURE_NAMES, FEATURE_SET
from scoring.models import Deployment, ModelVersion
from scoring.registry import sessions
from scoring.registry.services import (
    decide_promotion,
    find_champion,
    find_champions,
    get_champion,
    load_session,
    propose_promotion,
    register_model,
    retire_model,
    run_session,
)
from tests.models import PROOF, logistic_graph, pd_by_hand, person, promote, promote_logistic, register_logistic
from tests.scoring.threads import at_once


@pytest.fixture(autouse=True)
def no_session_is_open() -> None:
    sessions.load_session._made.clear()


def register(**changes: Any) -> ModelVersion:
    proof: dict[str, Any] = {
        "purpose": "default",
        "algorithm": "logistic",
        "onnx": logistic_graph(),
        "target": {"at": "monthly"},
        "data_window": {},
        "metrics": {},
        "parity": PROOF,
        "threshold": 0.2,
        "tier_edges": [0.1, 0.3, 0.6],
        "is_simulated": True,
    }
    return register_model(**proof | changes)


def tamper(model: ModelVersion, content: bytes) -> None:
    """Change the bytes of a model as only the owner of the table can."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE scoring_modelversion DISABLE TRIGGER USER")
        cursor.execute("UPDATE scoring_modelversion SET onnx = %s WHERE id = %s", [content, model.pk])
        cursor.execute("ALTER TABLE scoring_modelversion ENABLE TRIGGER USER")


@pytest.mark.django_db
class TestRegistering:
    def test_models_are_numbered_within_purpose_and_algorithm(self) -> None:
        names = [register().name, register().name, register(algorithm="xgboost").name, register(purpose="pays_30").name]

        assert names == ["default-logistic-1", "default-logistic-2", "default-xgboost-1", "pays_30-logistic-1"]

    def test_what_is_registered_says_what_it_was_made_with(self) -> None:
        model = register()

        assert model.feature_set == FEATURE_SET
        assert tuple(model.feature_names) == FEATURE_NAMES
        assert "onnxruntime" in model.library_versions

    @pytest.mark.parametrize("difference", [2e-6, float("nan"), float("inf"), None, "0"])
    def test_a_graph_that_differs_from_its_model_is_refused(self, difference: Any) -> None:
        with pytest.raises(ModelNotAccepted, match="differs from the trained model"):
            register(parity=PROOF | {"max_abs_diff": difference})

    @pytest.mark.parametrize("lacks", PROOF)
    def test_a_proof_that_lacks_a_part_is_refused(self, lacks: str) -> None:
        with pytest.raises(ModelNotAccepted):
            register(parity={name: value for name, value in PROOF.items() if name != lacks})

    @pytest.mark.parametrize(
        "proof",
        [
            PROOF | {"n_rows": 99_999},
            PROOF | {"max_by_part": {"random": 0.0, "missing": 0.0, "extreme": 0.0}},
        ],
    )
    def test_a_proof_on_too_few_rows_or_kinds_of_rows_is_refused(self, proof: dict[str, Any]) -> None:
        with pytest.raises(ModelNotAccepted):
            register(parity=proof)

    @pytest.mark.parametrize(
        "parity", ["{}", '{"max_abs_diff": "0", "n_rows": 100000}', '{"max_abs_diff": 2e-6, "n_rows": 100000}']
    )
    def test_raw_sql_cannot_register_a_model_without_proof(self, parity: str) -> None:
        register()

        with pytest.raises(IntegrityError, match="proven"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO scoring_modelversion SELECT (jsonb_populate_record(model, jsonb_build_object("
                "'id', 999, 'name', 'other', 'parity', %s::jsonb))).* FROM scoring_modelversion AS model",
                [parity],
            )

    @pytest.mark.parametrize("changes", [{"feature_set": "0" * 16}, {"feature_names": FEATURE_NAMES[::-1]}])
    def test_a_model_of_other_features_is_refused(self, changes: dict[str, Any]) -> None:
        with pytest.raises(ModelNotAccepted, match="trained on the features"):
            register(**changes)

    @pytest.mark.parametrize("edges", [[0.1, 0.3], [0.3, 0.1, 0.6], [0.1, 0.3, 1.6], [float("nan")] * 3])
    def test_tier_edges_are_three_probabilities_in_order(self, edges: list[float]) -> None:
        with pytest.raises(ModelNotAccepted, match="tier edges"):
            register(tier_edges=edges)

    @pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan")])
    def test_a_threshold_is_a_probability(self, threshold: float) -> None:
        with pytest.raises(ModelNotAccepted, match="threshold"):
            register(threshold=threshold)

    @pytest.mark.parametrize("content", [b"", b"not a graph", logistic_graph()[:-40]])
    def test_bytes_that_are_no_graph_are_refused(self, content: bytes) -> None:
        with pytest.raises(ModelNotAccepted, match="does not run"):
            register(onnx=content)

    def test_a_graph_of_another_width_is_refused(self) -> None:
        with pytest.raises(ModelNotAccepted, match="does not run on"):
            register(onnx=identity_graph(width=3))

    def test_a_graph_that_gives_more_than_probabilities_is_refused(self) -> None:
        with pytest.raises(ModelNotAccepted, match="one probability"):
            register(onnx=identity_graph(width=len(FEATURE_NAMES)))

    def test_a_graph_that_answers_missing_values_with_nothing_is_refused(self) -> None:
        with pytest.raises(ModelNotAccepted, match="one probability"):
            register(onnx=sigmoid_of_first_graph())

    def test_a_graph_whose_weights_lie_in_a_file_is_refused(
        self, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "weights.bin").write_bytes(np.zeros((len(FEATURE_NAMES), 1), dtype=np.float32).tobytes())
        monkeypatch.chdir(tmp_path)

        with pytest.raises(ModelNotAccepted, match="another file"):
            register(onnx=external_graph("weights.bin"))


@pytest.mark.django_db
class TestSessions:
    def test_a_session_gives_what_the_graph_means(self) -> None:
        values = np.full((2, len(FEATURE_NAMES)), np.nan, dtype=np.float32)
        values[1, FEATURE_NAMES.index("days_past_due")] = 40

        low, high = run_session(load_session(register()), values)

        assert low == pytest.approx(pd_by_hand({}), abs=1e-7)
        assert high == pytest.approx(pd_by_hand({"days_past_due": 40}), abs=1e-7)

    def test_a_model_is_opened_once_per_process_and_its_bytes_read_once(self, django_assert_num_queries: Any) -> None:
        register_logistic()
        first, again = (ModelVersion.objects.defer("onnx").get() for _ in range(2))

        with django_assert_num_queries(1):
            assert load_session(first) is load_session(again)

    def test_only_the_last_few_sessions_are_kept(self) -> None:
        models = [register(onnx=logistic_graph({}, intercept=-float(k))) for k in range(sessions.MODELS_KEPT + 2)]

        opened = [load_session(model) for model in models]

        assert len(sessions.load_session._made) == sessions.MODELS_KEPT
        assert load_session(models[-1]) is opened[-1]
        assert load_session(models[0]) is not opened[0]

    def test_no_rows_give_no_probabilities(self) -> None:
        assert run_session(load_session(register()), np.empty((0, len(FEATURE_NAMES)), dtype=np.float32)).shape == (0,)

    @pytest.mark.parametrize("kind", ["one byte flipped", "another good graph", "nothing"])
    def test_tampered_bytes_are_never_loaded(self, kind: str) -> None:
        model = register()
        good = logistic_graph()
        flipped = good[:-20] + bytes([good[-20] ^ 1]) + good[-19:]
        bad = {"one byte flipped": flipped, "another good graph": logistic_graph({}), "nothing": b""}[kind]
        tamper(model, bad)

        with pytest.raises(ModelTampered, match="default-logistic-1"):
            load_session(ModelVersion.objects.get(pk=model.pk))
        assert not sessions.load_session._made

    def test_the_champion_serves_on_where_it_was_open_before_it_was_tampered_with(self) -> None:
        model = promote_logistic()
        session = load_session(model)

        tamper(model, b"bad")

        assert load_session(get_champion()) is session


@pytest.mark.django_db
class TestPromoting:
    def test_a_promotion_ends_the_one_before_and_leaves_no_gap(self) -> None:
        first, second = promote(register()), promote(register())

        new, old = Deployment.objects.all()
        assert old.live_until == new.live_from
        assert old.retire_reason == "replaced by default-logistic-2"
        assert Deployment.objects.live_at(old.live_from).get().model == first
        assert Deployment.objects.live_at(new.live_from).get().model == second
        assert not Deployment.objects.live_at(old.live_from - timedelta(seconds=1)).exists()

    def test_each_purpose_has_its_own_champion(self) -> None:
        promote_logistic(purpose="pays_30")
        promote_logistic(purpose="attribute:flag")
        assert find_champion().purpose == "attribute:flag"  # type: ignore[union-attr]

        promote_logistic()

        assert [model.purpose for model in find_champions()] == ["default", "attribute:flag", "pays_30"]
        assert get_champion("pays_30").purpose == "pays_30"

    def test_finding_champions_reads_no_bytes(self, django_assert_num_queries: Any) -> None:
        promote_logistic()

        with django_assert_num_queries(1) as queries:
            find_champions()

        assert '"onnx"' not in queries[0]["sql"]

    def test_no_champion_is_said_in_words(self) -> None:
        with pytest.raises(NoChampion, match="No model is live"):
            get_champion()
        with pytest.raises(NoChampion, match="for pays_30"):
            get_champion("pays_30")

    def test_a_model_of_features_of_yesterday_is_not_promoted(self) -> None:
        model = register()
        model.feature_set = "0" * 16

        with pytest.raises(ModelDoesNotFit, match="train again"):
            promote(model)

    def test_a_tampered_model_is_not_promoted_and_the_old_one_stays(self) -> None:
        champion, model = promote_logistic(), register(onnx=logistic_graph({}))
        tamper(model, b"bad")

        with pytest.raises(ModelTampered):
            promote(ModelVersion.objects.get(pk=model.pk))
        assert get_champion() == champion

    def test_a_retired_champion_leaves_the_place_empty(self, people: dict[Role, User]) -> None:
        model = promote_logistic()

        retire_model(model=model, reason="drift", by=people[Role.ADMIN])

        assert find_champion() is None
        assert Deployment.objects.get().retire_reason == "drift"

    def test_a_model_that_is_not_live_cannot_be_retired(self) -> None:
        with pytest.raises(RetirementRefused, match="not live"):
            retire_model(model=register(), reason="x")
        with pytest.raises(RetirementRefused, match="Say why"):
            retire_model(model=promote_logistic(), reason=" ")

    @pytest.mark.parametrize(
        "change",
        [
            "live_from = live_from - interval '1 day'",
            "reason = 'another'",
            "live_until = now(), reason = 'another'",
            "retire_reason = 'x'",
        ],
    )
    def test_raw_sql_can_only_end_a_deployment(self, change: str) -> None:
        promote_logistic()

        with pytest.raises(IntegrityError, match="only ends"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE scoring_deployment SET {change}")

    def test_an_ended_deployment_stays_ended(self) -> None:
        retire_model(model=promote_logistic(), reason="drift")

        with pytest.raises(IntegrityError, match="ends once"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE scoring_deployment SET live_until = now()")

    @pytest.mark.parametrize("sql", ["DELETE FROM scoring_deployment", "TRUNCATE scoring_deployment"])
    def test_raw_sql_cannot_remove_a_deployment(self, sql: str) -> None:
        promote_logistic()

        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(sql)


@pytest.mark.django_db(transaction=True)
class TestAtTheSameTime:
    @pytest.mark.parametrize("with_old", [True, False])
    def test_of_two_approvals_at_once_one_wins(self, with_old: bool) -> None:
        if with_old:
            promote_logistic()
        models = [register(), register()]
        proposals = [
            propose_promotion(model=model, reason="race", proposed_by=person("proposer"), in_spite_of="race")
            for model in models
        ]
        approver = person("approver")

        answers = at_once(
            *(
                lambda p=proposal: decide_promotion(proposal=p, is_approved=True, decided_by=approver)
                for proposal in proposals
            )
        )

        live = Deployment.objects.live().get()
        losers = [answer for answer in answers if isinstance(answer, Exception)]
        assert [type(loser) for loser in losers] == [PromotionConflict]
        assert answers.index(losers[0]) != models.index(live.model)

    def test_registrations_at_once_get_names_of_their_own(self) -> None:
        answers = at_once(*[register] * 4)

        assert sorted(model.name for model in answers) == [f"default-logistic-{number}" for number in range(1, 5)]


def identity_graph(*, width: int) -> bytes:
    graph = helper.make_graph(
        [helper.make_node("Identity", ["features"], ["pd"])],
        "identity",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, width])],
        [helper.make_tensor_value_info("pd", TensorProto.FLOAT, [None, width])],
    )
    return _bytes(graph)


def sigmoid_of_first_graph() -> bytes:
    """Sigmoid of one column: a probability unless the value is missing."""
    graph = helper.make_graph(
        [
            helper.make_node("Slice", ["features", "zero", "one", "one"], ["first"]),
            helper.make_node("Sigmoid", ["first"], ["pd"]),
        ],
        "first",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, len(FEATURE_NAMES)])],
        [helper.make_tensor_value_info("pd", TensorProto.FLOAT, [None, 1])],
        [
            helper.make_tensor("zero", TensorProto.INT64, [1], [0]),
            helper.make_tensor("one", TensorProto.INT64, [1], [1]),
        ],
    )
    return _bytes(graph)


def external_graph(location: str) -> bytes:
    """A graph whose weights are to be read from a file."""
    weights = TensorProto(name="weights", data_type=TensorProto.FLOAT, dims=[len(FEATURE_NAMES), 1])
    weights.data_location = TensorProto.EXTERNAL
    weights.external_data.add(key="location", value=location)
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["features", "weights"], ["margin"]),
            helper.make_node("Sigmoid", ["margin"], ["pd"]),
        ],
        "external",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, len(FEATURE_NAMES)])],
        [helper.make_tensor_value_info("pd", TensorProto.FLOAT, [None, 1])],
        [weights],
    )
    return _bytes(graph)


def _bytes(graph: Any) -> bytes:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    return bytes(model.SerializeToString())
