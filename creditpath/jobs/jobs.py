"""The queue cleans up behind itself."""

from datetime import timedelta

from django.db.models.functions import Now

from creditpath.jobs.models import Job
from creditpath.jobs.registry import sweep

KEPT = timedelta(days=90)


@sweep("forget finished jobs", every=6 * 3600)
def forget_finished_jobs() -> int:
    """Delete jobs that were done or cancelled three months ago; those given up stay until somebody looks."""
    old = Job.objects.filter(state__in=[Job.State.SUCCEEDED, Job.State.CANCELLED], finished_at__lt=Now() - KEPT)
    return old.delete()[0]
