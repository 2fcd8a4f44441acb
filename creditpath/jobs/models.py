"""The queue, who works on it, and when sweeps last ran."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class JobQuerySet(models.QuerySet["Job"]):
    def open(self) -> "JobQuerySet":
        return self.filter(state__in=[Job.State.QUEUED, Job.State.RUNNING])


class Job(models.Model):
    """One request to do something in the background.

    A worker holds a running job by its lease, which it keeps extending; a job whose lease has run out is taken over, and the
    number of the attempt then refuses what the former worker still writes.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "waiting"
        RUNNING = "running", "running"
        SUCCEEDED = "succeeded", "done"
        DEAD = "dead", "given up"
        CANCELLED = "cancelled", "cancelled"

    name = models.CharField(max_length=80)
    arguments = models.JSONField(default=dict, blank=True)
    unique_key = models.CharField(max_length=200, unique=True, null=True, blank=True, editable=False)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=5)
    run_after = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=120, blank=True)
    is_cancel_requested = models.BooleanField(default=False)
    progress_done = models.PositiveBigIntegerField(default=0)
    progress_total = models.PositiveBigIntegerField(default=0)
    message = models.CharField(max_length=300, blank=True)
    log = models.TextField(blank=True)
    result = models.JSONField(null=True, blank=True)
    error = models.TextField(blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="jobs"
    )
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running", "succeeded", "dead", "cancelled"]),
                name="job_state_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(state="running") | Q(lease_until__isnull=False), name="running_job_has_a_lease"
            ),
            models.CheckConstraint(condition=Q(attempt__lte=F("max_attempts")), name="job_attempts_are_limited"),
        ]
        indexes = [
            models.Index(fields=["run_after", "id"], condition=Q(state="queued"), name="job_queue_idx"),
            models.Index(fields=["lease_until"], condition=Q(state="running"), name="job_lease_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.name} #{self.pk}"


class Worker(models.Model):
    """A worker process that was seen at work."""

    name = models.CharField(max_length=120, unique=True)
    queue = models.CharField(max_length=20, blank=True, default="", db_default="", help_text="Blank: takes all jobs.")
    started_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class SweepMark(models.Model):
    """When a sweep last began."""

    name = models.CharField(max_length=80, primary_key=True)
    began_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.began_at}"
