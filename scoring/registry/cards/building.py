"""The card of a model: its use, data, figures and charts, what was found and who let it live; drawn from what is kept."""

from collections.abc import Callable

from scoring.models import Deployment, ModelVersion
from scoring.registry.cards import described, measured, outcomes
from scoring.registry.cards.sections import Card, Section

# What a part of the product above this one has to say about a model: registered by it, asked here.
CardPart = Callable[[ModelVersion], Section]
_parts: list[CardPart] = []


def card_part(part: CardPart) -> CardPart:
    """Let a section stand on every card, after the product's own; once, however often its module is loaded."""
    if part not in _parts:
        _parts.append(part)
    return part


def build_card(model: ModelVersion) -> Card:
    """Gather the card of a version: a fixed number of queries, no training and no data of borrowers."""
    deployments = list(Deployment.objects.filter(model=model).with_people())
    live = next((one for one in deployments if one.live_until is None), None)
    notes = tuple(one.scope_note for one in deployments if one.live_until is None and one.scope_note)
    status = (
        f"live since {live.live_from:%Y-%m-%d} for {live.get_segment_display()}"
        + (", trained on all loans" if live.scope_note else "")
        if live
        else f"retired on {deployments[0].live_until:%Y-%m-%d}"
        if deployments
        else "never live"
    )
    sections = [
        described.tell_use(model, notes=notes),
        described.tell_data(model),
        measured.tell_performance(model),
        measured.tell_charts(model),
        measured.tell_calibration(model),
        outcomes.tell_outcomes(model),
        measured.tell_drift(model),
        measured.tell_segments(model),
        described.tell_leaks(model),
        described.tell_features(model),
        *([described.tell_points(model)] if model.curves.get("points") else []),
        *([described.tell_tuning(model)] if model.parameters.get("tuning") else []),
        measured.tell_fairness(model),
        *(part(model) for part in _parts),
        described.tell_proof(model),
        described.tell_validation(model),
        described.tell_decisions(model, deployments),
        described.tell_origin(model),
    ]
    return Card(model, status, tuple(sections))
