"""What scoring does at the close of a day."""

from collections.abc import Mapping
from typing import Any

from borrowers.closing.registry import Closing, NotNeeded, closing_step
from scoring.engine.services import score_loans
from scoring.models import ModelVersion, ScoringRun
from scoring.registry.services import find_champions


@closing_step("score_loans", position=40, commits_itself=True)
def score_with_champions(closing: Closing) -> Mapping[str, Any]:
    """Score every loan that owes with the champion of each purpose; runs published since the close began stand."""
    champions = find_champions()
    if not champions:
        raise NotNeeded("no model is live")
    return {champion.purpose: _score(champion, closing) for champion in champions}


def _score(champion: ModelVersion, closing: Closing) -> Mapping[str, Any]:
    published = ScoringRun.objects.filter(
        kind=ScoringRun.Kind.BATCH, model=champion, as_of=closing.day, published_at__gte=closing.began_at
    ).first()
    if published is not None:
        return {"run": published.pk, "model": champion.name, "n_scored": published.n_scored}
    report = score_loans(as_of=closing.day, purpose=champion.purpose, progress=closing.progress)
    return report.as_json()
