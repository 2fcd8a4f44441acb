"""Questions to the queue, from readiness, metrics and pages."""

from datetime import timedelta

from django.db.models import Count, Min
from django.db.models.functions import Now
from django.utils import timezone

from creditpath.jobs.models import Job, Worker
from creditpath.jobs.registry import GENERAL, job_kinds
from creditpath.metrics import gauge

SEEN_WITHIN = timedelta(seconds=60)


def is_a_worker_alive(queue: str = GENERAL) -> bool:
    """Say whether a worker of a queue was seen in the last minute, or is at a job; by itself the one of everyday jobs and sweeps.

    A worker shows itself between jobs, and during one by the lease that it keeps.
    """
    if Worker.objects.filter(seen_at__gt=Now() - SEEN_WITHIN, queue__in=["", queue]).exists():
        return True
    names = [kind.name for kind in job_kinds.values() if kind.queue == queue]
    return Job.objects.filter(state=Job.State.RUNNING, lease_until__gt=Now(), name__in=names).exists()


@gauge("creditpath_jobs", "Background jobs by state", label="state")
def count_jobs_by_state() -> dict[str, float]:
    counts = dict(Job.objects.order_by().values_list("state").annotate(n=Count("id")))
    return {state: float(counts.get(state, 0)) for state in Job.State.values}


@gauge("creditpath_job_queue_age_seconds", "How long the oldest job that is due has been waiting")
def measure_queue_age() -> float:
    oldest = Job.objects.filter(state=Job.State.QUEUED, run_after__lte=Now()).aggregate(at=Min("run_after"))["at"]
    return max(0.0, (timezone.now() - oldest).total_seconds()) if oldest else 0.0


@gauge("creditpath_workers_alive", "Worker processes seen in the last minute")
def count_workers_alive() -> float:
    return float(Worker.objects.filter(seen_at__gt=Now() - SEEN_WITHIN).count())
