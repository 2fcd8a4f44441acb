"""Background jobs in PostgreSQL: `@job` declares one, `enqueue` asks for it, `progress` tells how far it is."""

from creditpath.jobs.registry import job, schedule, sweep
from creditpath.jobs.services import enqueue, fence, note, nudge, progress

__all__ = ["enqueue", "fence", "job", "note", "nudge", "progress", "schedule", "sweep"]
