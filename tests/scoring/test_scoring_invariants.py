"""verify names what is broken in models and scores, and says nothing where all is well."""

from collections.abc import Iterator
from datetime import date

import pytest
from django.db import connection

from creditpath.invariants import registry
from scoring.engine.services import score_loans
from tests.factories import make_loan
from tests.models import promote_logistic

pytestmark = pytest.mark.django_db

TABLES = ("scoring_modelversion", "scoring_deployment", "scoring_featurevector", "scoring_score")


@pytest.fixture(autouse=True)
def scored_books(frozen_day: date) -> None:
    make_loan(instalments=[(date(2026, 6, 1), 100)])
    promote_logistic()
    score_loans()


@pytest.fixture
def unguarded() -> Iterator[None]:
    """Take the guards away, as only the owner of the tables can, and with them the checks of the columns."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute("DROP INDEX one_champion_per_purpose_and_segment")
    yield


def broken(sentence: str) -> list[str]:
    return list(registry[sentence]())


SENTENCES = {
    "each purpose and segment has at most one champion at any instant": (
        """INSERT INTO scoring_deployment (model_id, purpose, live_from, reason, retire_reason)
        SELECT model_id, purpose, now() + interval '1 minute', '', '' FROM scoring_deployment""",
        "overlap",
    ),
    "a deployment is of the purpose of its model": ("UPDATE scoring_deployment SET purpose = 'pays_30'", "for pays_30"),
    "a second person, who did not train the model, approved what went live": (
        "UPDATE scoring_modelversion SET trained_by_id = (SELECT decided_by_id FROM scoring_promotiondecision)",
        "of default-logistic-1",
    ),
    "the bytes of every model are those that were registered": (
        "UPDATE scoring_modelversion SET onnx = 'x'::bytea",
        "default-logistic-1 has the sha256",
    ),
    "a published run has as many scores as it says": (
        "UPDATE scoring_scoringrun SET n_scored = 7",
        "says 7 scores and has 1",
    ),
    "a score was given on a vector of its own loan and of its model's features": (
        "UPDATE scoring_featurevector SET feature_set = 'old'",
        "by default-logistic-1",
    ),
    "the tier of a score is that of its probability": ("UPDATE scoring_score SET tier = 'low'", "is called low"),
    "a feature vector has one value for each feature": (
        "UPDATE scoring_featurevector SET \"values\" = '{1}'",
        "has 1 values",
    ),
    "models, vectors, scores and decisions about models are append-only": (
        "SELECT 1",
        "has no trigger that refuses changes",
    ),
}


@pytest.mark.parametrize("sentence", SENTENCES)
def test_an_invariant_holds_on_scored_books(sentence: str) -> None:
    assert broken(sentence) == []


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.usefixtures("unguarded")
def test_what_breaks_an_invariant_is_named(sentence: str) -> None:
    harm, words = SENTENCES[sentence]
    with connection.cursor() as cursor:
        cursor.execute(harm)

    assert any(words in line for line in broken(sentence))
