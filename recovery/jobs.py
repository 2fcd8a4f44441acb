"""What the worker does for recovery."""

from typing import Any

from creditpath.errors import DomainError
from creditpath.jobs import job, sweep
from creditpath.jobs.services import progress
from recovery import todays_list  # noqa: F401  (registers)
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


@sweep("dispatch messages", every=20)
def send_what_is_due() -> dict[str, Any]:
    """Send what is in the outbox; a message goes out at most once, whatever happens to the worker."""
    return dispatch_messages().as_json()
