"""What the pages of models show, gathered in a fixed number of queries."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef

from scoring.models import Challenger, Deployment, ModelVersion, PromotionProposal, ValidationFinding
from scoring.querysets import heavy_fields
from scoring.registry.promoting import DOUBTS, find_doubts

PAGE_SIZE = 30


def build_models_page(page: str | None) -> dict[str, Any]:
    """Return champions, challengers, proposals that wait, findings that are open, and all versions by page."""
    live = Deployment.objects.live().filter(model=OuterRef("pk"))
    shadow = Challenger.objects.live().filter(model=OuterRef("pk"))
    versions = (
        ModelVersion.objects.defer(*heavy_fields())
        .select_related("trained_by")
        .annotate(is_live=Exists(live), is_challenger=Exists(shadow))
        .order_by("-id")
    )
    return {
        "live": Deployment.objects.live().with_people().order_by("purpose", "segment"),
        "challengers": Challenger.objects.live().select_related("model", "named_by").defer(*heavy_fields("model")),
        "waiting": [_with_words(row) for row in _proposals(PromotionProposal.objects.waiting().order_by("id"))],
        "findings": ValidationFinding.objects.open()
        .select_related("owner", "validation__model")
        .defer(*heavy_fields("validation__model")),
        "page": Paginator(versions, PAGE_SIZE).get_page(page),
    }


def build_model_page(row: ModelVersion) -> dict[str, Any]:
    """Return what is known and was decided of a version, and what speaks against letting it go live."""
    champion, comparison, doubts = find_doubts(model=row, segment=row.segment)
    validations = list(
        row.validations.select_related("validated_by").prefetch_related(
            "findings__owner", "findings__closure__closed_by"
        )
    )
    deployments = list(Deployment.objects.filter(model=row).with_people().select_related("retired_by"))
    return {
        "model": row,
        "champion": champion,
        "comparison": comparison,
        "comparisons": list(
            row.comparisons.select_related("champion", "compared_by").defer(*heavy_fields("champion"))[:10]
        ),
        "doubts": [DOUBTS[doubt] for doubt in doubts],
        "validations": validations,
        "materiality": validations[0].materiality if validations else row.materiality or "high",
        "proposals": [_with_words(proposal) for proposal in _proposals(row.proposals.all())],
        "deployments": deployments,
        "scope_notes": [one.scope_note for one in deployments if one.live_until is None and one.scope_note],
        "is_live": any(one.live_until is None for one in deployments),
        "challenges": list(row.challenges.select_related("named_by", "ended_by")),
        "figures": _figures(row),
        "largest_difference": f"{float(row.parity.get('max_abs_diff', 0)):.1e}",
    }


def _proposals(rows: Any) -> Any:
    return rows.select_related("model", "champion", "comparison", "proposed_by", "decision__decided_by").defer(
        *heavy_fields("model"), *heavy_fields("champion")
    )


def _with_words(proposal: PromotionProposal) -> dict[str, Any]:
    return {"row": proposal, "doubts": [DOUBTS[doubt] for doubt in proposal.doubts]}


def _figures(row: ModelVersion) -> list[tuple[str, str]]:
    """Return the figures that every version has, in words."""
    metrics = row.metrics
    shown = []
    for name, label in (
        ("auc", "AUC"), ("gini", "Gini"), ("ks", "KS"), ("brier", "Brier"), ("precision", "Precision"), ("recall", "Recall"),
    ):  # fmt: skip
        if isinstance(metrics.get(name), int | float):
            text = f"{metrics[name]:.3f}"
            if name == "auc" and isinstance(metrics.get("auc_low"), float):
                text += f" ({metrics['auc_low']:.3f}–{metrics['auc_high']:.3f})"
            shown.append((label, text))
    return shown
