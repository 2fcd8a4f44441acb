"""The page of watched models: what alarms, the key figures, the charts, the same as tables, and what people decided otherwise."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from borrowers.errors import NoBusinessDate
from creditpath.access import person_of
from recovery.watching.alarms import alarms_of
from recovery.watching.dashboards import models_app
from recovery.watching.overrides import WITHIN_DAYS, measure_overrides
from scoring.features.definition import AGEING
from scoring.models import ModelReading
from scoring.monitoring.services import Watched, describe_models


@require_safe
def model_dashboard(request: HttpRequest) -> HttpResponse:
    """Show how the live models and their challengers do; six queries, one of them over the answers of half a year."""
    watched = describe_models()
    try:
        overrides = measure_overrides()
    except NoBusinessDate:
        overrides = None
    alerts = alarms_of(watched, overrides)
    context = {
        "charts": models_app if any(one.readings for one in watched) else None,
        "models": [_described(one) for one in watched],
        "alerts": alerts,
        "n_act": sum(alert.level == "act" for alert in alerts),
        "n_read": sum(bool(one.readings) for one in watched),
        "is_simulated": any(one.model.is_simulated for one in watched),
        "overrides": overrides,
        "within_days": WITHIN_DAYS,
        # Reasons are people's own words about borrowers.
        "may_read_reasons": person_of(request).has_perm("recovery.view_decisionanswer"),
    }
    return render(request, "recovery/model_dashboard.html", context)


def _described(one: Watched) -> dict[str, Any]:
    """Put what was read of a model into the words and rows that the page shows."""
    newest = one.readings[-1] if one.readings else None
    stable = next((row for row in reversed(one.readings) if row.stability), None)
    features = stable.stability["features"] if stable and stable.stability else {}
    matured = next(
        (
            row
            for row in reversed(one.readings)
            if row.stage == ModelReading.Stage.MATURED
            and row.is_unseen
            and row.outcome
            and row.outcome["auc"] is not None
        ),
        None,
    )
    return {
        "watched": one,
        "model": one.model,
        "segment": one.champion.segment,
        "newest": newest,
        "psi": stable.stability["score_psi"] if stable and stable.stability else None,
        "matured": matured,
        "tiers": [{"label": tier.label, **told} for tier, told in (matured.tiers if matured else [])],
        "readings": list(reversed(one.readings)),
        "features": sorted(
            ({"name": name.replace("_", " "), "is_ageing": name in AGEING, **told} for name, told in features.items()),
            key=lambda told: told["psi"],
            reverse=True,
        ),
    }
