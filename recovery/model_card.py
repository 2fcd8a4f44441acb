"""What the work has to say on the card of a model: how people answered what its scores led to."""

from django.db.models import OuterRef, Subquery

from recovery.models import DecisionAnswer, Recommendation
from scoring.models import ModelVersion
from scoring.registry.cards.services import Section, Table, card_part

SHARE_TO_LOOK_AT = 0.2
ANSWERS_TO_JUDGE = 20


@card_part
def overrides(model: ModelVersion) -> Section:
    """Tell how often people decided otherwise than was recommended on this model's scores, by tier; one query."""
    newest = DecisionAnswer.objects.filter(recommendation=OuterRef("pk")).order_by("-id")
    answered = (
        Recommendation.objects.filter(score__run__model=model, answers__isnull=False)
        .distinct()
        .annotate(said=Subquery(newest.values("answer")[:1]))
        .values_list("score__tier", "said", "pk")
    )
    counts: dict[str, list[int]] = {}
    for tier, said, _ in answered:
        of_tier = counts.setdefault(tier, [0, 0])
        of_tier[0] += 1
        of_tier[1] += said == DecisionAnswer.Answer.OTHER
    if not counts:
        return Section("Overrides", empty="Nobody has answered a recommendation that rests on its scores yet.")
    n, otherwise = (sum(one[k] for one in counts.values()) for k in (0, 1))
    look = (
        " That many are a finding of their own: ask why."
        if n >= ANSWERS_TO_JUDGE and otherwise / n > SHARE_TO_LOOK_AT
        else ""
    )
    rows = tuple(
        (tier.replace("_", " "), f"{answers:,}", f"{others:,}", f"{others / answers:.0%}")
        for tier, (answers, others) in sorted(counts.items())
    )
    return Section(
        "Overrides",
        words=(
            f"Of {n:,} answered recommendations people decided otherwise in {otherwise:,} ({otherwise / n:.0%}).{look}",
        ),
        tables=(Table(("Tier", "Answered", "Decided otherwise", "Share"), rows),),
    )
