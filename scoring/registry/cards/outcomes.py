"""The section of a card that holds what a model expected against what came, once it is known."""

from scoring.models import ModelReading, ModelVersion
from scoring.registry.cards.sections import Section, Table, percent

TITLE = "Outcomes since it was trained"


def tell_outcomes(model: ModelVersion) -> Section:
    """Return expected and observed events by tier on the newest day whose outcomes are over; one query."""
    matured = ModelReading.objects.filter(
        model=model, stage=ModelReading.Stage.MATURED, is_unseen=True, outcome__isnull=False
    )
    newest = matured.order_by("-as_of", "-read_on").first()
    if newest is None or not newest.outcome:
        return Section(TITLE, empty="No day that it had not learned from is over yet, or it is not watched.")
    outcome = newest.outcome
    auc = f", AUC {outcome['auc']:.3f}" if outcome["auc"] is not None else ""
    words = (
        (
            f"Loans scored as of {newest.as_of} ({newest.get_source_display()}), {newest.window_days} days later: "
            f"{outcome['n_bad']:,} of {outcome['n']:,} had the event, {percent(outcome['observed'])} where "
            f"{percent(outcome['expected'])} were expected{auc}."
        ),
        "Standard errors: by how many more events came than were expected; beyond two, chance does not explain it well.",
    )
    rows = tuple(
        (
            str(tier.label), f"{one['n']:,}", f"{one['n_bad']:,}", percent(one["expected"]),
            percent(one["observed"]), f"{one['z']:+.1f}",
        )
        for tier, one in newest.tiers
    )  # fmt: skip
    heads = ("Tier", "Loans", "Events", "Expected", "Observed", "Standard errors")
    return Section(TITLE, words=words, tables=(Table(heads, rows),))
