"""What the worker does for recovery."""

from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from borrowers.models import BusinessDate
from creditpath.errors import DomainError
from creditpath.jobs import job, schedule, sweep
from creditpath.jobs.services import progress
from recovery import todays_list  # noqa: F401  (registers)
from recovery.alerts.services import MAIL_JOB, mail_alerts, raise_alerts
from recovery.contacts.services import expire_reservations
from recovery.models import PolicyReplay
from recovery.outreach.services import dispatch_messages
from recovery.policymaking.replaying import JOB, mark_failed, run_replay


@job(JOB, max_attempts=3)
def replay_policy(*, replay: int) -> dict[str, Any]:
    """Try a draft on past days; days that an earlier attempt finished are not done again."""
    row = PolicyReplay.objects.select_related("policy", "against", "requested_by").get(pk=replay)
    if row.state == PolicyReplay.State.DONE:
        return {"replay": row.pk}
    try:
        return run_replay(replay=row, tell=progress).as_json()
    except DomainError as refused:
        mark_failed(replay=row, error=refused)
        raise


@job(MAIL_JOB, max_attempts=3)
def send_alerts(*, as_of: str) -> dict[str, Any]:
    """Tell managers by e-mail what a close found."""
    return {"people": mail_alerts(as_of=date.fromisoformat(as_of))}


@job("watch_the_close")
def watch_the_close() -> dict[str, Any]:
    """Raise an alert where a day is over and nobody closed it: the close itself cannot tell that it did not run."""
    row = BusinessDate.objects.first()
    if row is None or row.is_frozen:
        return {"reason": "there is no day to be closed"}
    yesterday = timezone.localdate() - timedelta(days=1)
    return (
        raise_alerts(as_of=yesterday, only=("day_not_closed",)).as_json() if row.day < yesterday else {"day": row.day}
    )


schedule("watch the close", cron="0 6 * * *", job="watch_the_close")


@sweep("expire reservations", every=60)
def free_what_was_not_used() -> dict[str, Any]:
    """Let attempts whose lease is over expire, so that nobody takes them for open."""
    return {"expired": expire_reservations()}


@sweep("dispatch messages", every=20)
def send_what_is_due() -> dict[str, Any]:
    """Send what is in the outbox; a message goes out at most once, whatever happens to the worker."""
    return dispatch_messages().as_json()
