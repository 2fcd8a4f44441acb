"""What can go wrong with a job."""

from creditpath.errors import DomainError


class UnknownJob(DomainError):
    """No job of this name is declared."""

    code = "unknown_job"


class JobCannotBeRetried(DomainError):
    """Only a job that was given up or cancelled can be tried again."""

    code = "job_cannot_be_retried"


class JobIsFinished(DomainError):
    """The job has ended already."""

    code = "job_is_finished"


class JobStopped(Exception):
    """Raised inside a running job to end it; the worker handles it, the job need not."""


class JobCancelled(JobStopped):
    """Somebody asked for the job to stop."""


class LeaseLost(JobStopped):
    """Another worker has taken the job over: nothing that this attempt writes counts any more."""
