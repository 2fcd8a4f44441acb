"""What scoring does at the close of a day."""

from collections.abc import Mapping, Sequence
from typing import Any

from borrowers.closing.registry import Closing, NotNeeded, closing_step
from scoring.engine.services import score_loans
from scoring.models import ModelVersion, ScoringRun
from scoring.monitoring.services import monitor_models
from scoring.registry.services import find_live


@closing_step("score_loans", position=40, commits_itself=True)
def score_with_champions(closing: Closing) -> Mapping[str, Any]:
    """Score every loan that owes with the champion of each purpose; runs published since the close began stand."""
    live = find_live()
    if not live:
        raise NotNeeded("no model is live")
    purposes = dict.fromkeys(champion.model.purpose for champion in live)
    return {
        purpose: _score(purpose, [one.model for one in live if one.model.purpose == purpose], closing)
        for purpose in purposes
    }


def _score(purpose: str, models: Sequence[ModelVersion], closing: Closing) -> Mapping[str, Any]:
    batches = ScoringRun.objects.filter(
        kind=ScoringRun.Kind.BATCH, as_of=closing.day, published_at__gte=closing.began_at
    )
    published = {run.model_id: run for run in batches.filter(model__in=models)}
    if published.keys() == {model.pk for model in models}:
        run = published[models[0].pk]
        return {
            "run": run.pk,
            "model": models[0].name,
            "n_scored": sum(one.n_scored for one in published.values()),
        }
    return score_loans(as_of=closing.day, purpose=purpose, progress=closing.progress).as_json()


@closing_step("monitor_models", position=45, of_missed_days=False)
def watch(closing: Closing) -> Mapping[str, Any]:
    """Let challengers score the day aside, and read what the day and outcomes that came in say of each model."""
    if not find_live():
        raise NotNeeded("no model is live")
    return monitor_models(as_of=closing.day, looks_back=False, progress=closing.progress).as_json()
