"""What must always be true of models and scores; `verify` asks. Each is one query."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection

from creditpath.invariants import invariant
from scoring.features.definition import FEATURE_NAMES, FEATURE_SET

APPEND_ONLY_TABLES = (
    "scoring_challenger", "scoring_comparison", "scoring_deployment", "scoring_fairnessreading", "scoring_featurevector",
    "scoring_findingclosure", "scoring_monitoredattribute",
    "scoring_modelreading", "scoring_modelversion", "scoring_promotiondecision", "scoring_promotionproposal", "scoring_score",
    "scoring_shadowrun", "scoring_shadowscore", "scoring_trainingreference", "scoring_validation", "scoring_validationfinding",
)  # fmt: skip


def _lines(sql: str, parameters: Sequence[Any] | None = None) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        for (line,) in cursor:
            yield line


@invariant("each purpose and segment has at most one champion at any instant")
def champions_do_not_overlap() -> Iterator[str]:
    yield from _lines(
        """
        SELECT format('%s: deployments %s and %s overlap', one.purpose, one.id, other.id)
        FROM scoring_deployment AS one
        JOIN scoring_deployment AS other
            ON other.purpose = one.purpose AND other.segment = one.segment AND other.id > one.id
        WHERE tstzrange(one.live_from, one.live_until) && tstzrange(other.live_from, other.live_until)
    """.replace("%%", "%")
    )


@invariant("a deployment is of the purpose of its model")
def deployments_keep_their_purpose() -> Iterator[str]:
    yield from _lines("""
        SELECT format(
            'deployment %s is for %s, its model %s for %s',
            deployment.id, deployment.purpose, model.name, model.purpose
        )
        FROM scoring_deployment AS deployment
        JOIN scoring_modelversion AS model ON model.id = deployment.model_id
        WHERE deployment.purpose <> model.purpose
    """)


@invariant("a second person, who did not train the model, approved what went live")
def deployments_are_approved() -> Iterator[str]:
    yield from _lines("""
        SELECT format('deployment %s of %s', deployment.id, model.name)
        FROM scoring_deployment AS deployment
        JOIN scoring_modelversion AS model ON model.id = deployment.model_id
        JOIN scoring_promotiondecision AS decision ON decision.id = deployment.decision_id
        JOIN scoring_promotionproposal AS proposal ON proposal.id = decision.proposal_id
        WHERE NOT decision.is_approved OR proposal.model_id <> model.id OR proposal.segment <> deployment.segment
            OR decision.decided_by_id IN (proposal.proposed_by_id, model.trained_by_id)
    """)


@invariant("the bytes of every model are those that were registered")
def model_bytes_are_intact() -> Iterator[str]:
    yield from _lines("""
        SELECT format('%s has the sha256 %s, its bytes have %s', name, sha256, encode(sha256(onnx), 'hex'))
        FROM scoring_modelversion AS model
        WHERE encode(sha256(model.onnx), 'hex') <> model.sha256
    """)


@invariant("a published run has as many scores as it says")
def runs_are_whole() -> Iterator[str]:
    yield from _lines("""
        SELECT format('run %s says %s scores and has %s', run.id, run.n_scored, count(score.id))
        FROM scoring_scoringrun AS run
        LEFT JOIN scoring_score AS score ON score.run_id = run.id
        WHERE run.published_at IS NOT NULL
        GROUP BY run.id
        HAVING count(score.id) <> run.n_scored
    """)


@invariant("a score was given on a vector of its own loan and of its model's features")
def scores_fit_their_vectors() -> Iterator[str]:
    yield from _lines("""
        SELECT format(
            'score %s of loan %s by %s, vector %s of loan %s',
            score.id, score.loan_id, model.name, vector.id, vector.loan_id
        )
        FROM scoring_score AS score
        JOIN scoring_featurevector AS vector ON vector.id = score.vector_id
        JOIN scoring_scoringrun AS run ON run.id = score.run_id
        JOIN scoring_modelversion AS model ON model.id = run.model_id
        WHERE vector.loan_id <> score.loan_id OR vector.feature_set <> model.feature_set
    """)


@invariant("the tier of a score is that of its probability")
def tiers_follow_their_edges() -> Iterator[str]:
    yield from _lines("""
        SELECT format('score %s: %s is called %s', score.id, score.pd, score.tier)
        FROM scoring_score AS score
        JOIN scoring_scoringrun AS run ON run.id = score.run_id
        JOIN scoring_modelversion AS model ON model.id = run.model_id
        WHERE score.tier <> (ARRAY['low', 'medium', 'high', 'very_high'])[
            1 + (score.pd >= model.tier_edges[1])::integer
            + (score.pd >= model.tier_edges[2])::integer
            + (score.pd >= model.tier_edges[3])::integer
        ]
    """)


@invariant("a feature vector has one value for each feature")
def vectors_are_whole() -> Iterator[str]:
    yield from _lines(
        """
        SELECT format('vector %%s has %%s values', id, coalesce(cardinality("values"), 0))
        FROM scoring_featurevector
        WHERE feature_set = %s AND coalesce(cardinality("values"), 0) <> %s
        """,
        [FEATURE_SET, len(FEATURE_NAMES)],
    )


@invariant("models, vectors, scores and decisions about models are append-only")
def history_is_guarded() -> Iterator[str]:
    yield from _lines(
        """
        SELECT format('%%s has no trigger that refuses changes', guarded.name)
        FROM unnest(%s::text[]) AS guarded (name)
        WHERE NOT EXISTS (
            SELECT FROM pg_trigger
            WHERE tgrelid = guarded.name::regclass AND tgname = guarded.name || '_is_append_only' AND tgenabled <> 'D'
        )
        """,
        [list(APPEND_ONLY_TABLES)],
    )
