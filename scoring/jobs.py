"""What the worker does for scoring."""

from borrowers.models import BusinessDate
from creditpath.jobs import sweep
from scoring.engine.services import rescore_stale
from scoring.registry.services import find_champion
from scoring.signals import SWEEP
from scoring.training import comparing, fairness, jobs  # noqa: F401  # register their jobs, which load no training library here


@sweep(SWEEP, every=5)
def sweep_stale_scores() -> None:
    """Score again what a single change could not: bulk changes, and changes whose own attempt failed."""
    if find_champion() is not None and BusinessDate.objects.exists():
        rescore_stale()
