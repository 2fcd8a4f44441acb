"""From draft to force: submission, approval by a second person, and what that ends."""

from datetime import date

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from borrowers.services import get_business_date
from creditpath.accounts.models import User
from recovery.errors import PolicyIsNoDraft, PolicyRefused
from recovery.models import Policy, PolicyEvent, PolicyReplay, Recommendation
from recovery.policy import find_faults
from recovery.policymaking.reading import as_rules, hash_of

Kind, State = PolicyEvent.Kind, Policy.State
# An editor may not approve; who replayed or returned a version may.
WRITERS = (Kind.CREATED, Kind.EDITED, Kind.SUBMITTED)


@transaction.atomic
def submit_policy(*, policy: Policy, by: User, waiver: str = "") -> Policy:
    """Ask for approval; from now on the version is not edited.

    Asks for a replay of just these lines, or for a reason why there is none. Raises PolicyIsNoDraft, PolicyRefused.
    """
    held = _lock(policy)
    if held.state != State.DRAFT:
        raise PolicyIsNoDraft()
    said = as_rules(held)
    if not said.rules:
        raise PolicyRefused("There is no line yet: add what is to be done first.")
    faults = [fault.sentence for fault in find_faults(said) if fault.kind == "incomplete"]
    if faults:
        raise PolicyRefused(" ".join(faults))
    waiver = waiver.strip()
    if find_replay(held) is None and not waiver:
        message = "Try the draft on past days first, or say why it is submitted without that."
        raise PolicyRefused(message, fields={"waiver": message})
    held.state, held.submitted_by, held.submitted_at, held.replay_waiver = State.SUBMITTED, by, timezone.now(), waiver
    held.save(update_fields=["state", "submitted_by", "submitted_at", "replay_waiver"])
    _note(held, Kind.SUBMITTED, by, f"Without a replay: {waiver}" if waiver else "")
    return held


@transaction.atomic
def return_policy(*, policy: Policy, by: User, reason: str) -> Policy:
    """Make a submitted version a draft again, with the reason why; raises PolicyRefused."""
    held = _lock(policy)
    if held.state != State.SUBMITTED:
        raise PolicyRefused("Only a version that waits for approval can be returned.")
    _need_reason(reason)
    held.state = State.DRAFT
    held.save(update_fields=["state"])
    _note(held, Kind.RETURNED, by, reason)
    return held


@transaction.atomic
def withdraw_policy(*, policy: Policy, by: User, reason: str) -> Policy:
    """Give up a version that is not approved; it stays to be read."""
    held = _lock(policy)
    if held.state not in (State.DRAFT, State.SUBMITTED):
        raise PolicyRefused("An approved version ends when another one takes its place.")
    _need_reason(reason)
    held.state = State.WITHDRAWN
    held.save(update_fields=["state"])
    _note(held, Kind.WITHDRAWN, by, reason)
    return held


@transaction.atomic
def approve_policy(*, policy: Policy, by: User, effective_from: date) -> Policy:
    """Let a submitted version count from a day on, in place of all that was approved for that day and later.

    The person approving must not have drafted, edited or submitted it (the database refuses the first and the last as well).
    The day must be one for which nothing has been decided yet, so that a day has one policy. Two approvals at once: the
    second waits and ends what the first began. Raises PolicyRefused.
    """
    held = _lock(policy)
    if held.state != State.SUBMITTED:
        raise PolicyRefused("Only a version that waits for approval can be approved.")
    if held.events.filter(kind__in=WRITERS, by=by).exists():
        raise PolicyRefused("You had a hand in this version: a second person has to approve it.")
    first = earliest_day()
    if effective_from < first:
        message = f"Earlier days are decided or past: choose {first:%Y-%m-%d} or later."
        raise PolicyRefused(message, fields={"effective_from": message})
    approved = Policy.objects.filter(state=State.APPROVED)
    for earlier in approved.filter(effective_from__gte=effective_from):
        earlier.effective_until = earlier.effective_from
        earlier.save(update_fields=["effective_until"])
    for ending in approved.in_force(effective_from):
        ending.effective_until = effective_from
        ending.save(update_fields=["effective_until"])
    held.state, held.approved_by, held.approved_at = State.APPROVED, by, timezone.now()
    held.effective_from, held.effective_until = effective_from, None
    held.save(update_fields=["state", "approved_by", "approved_at", "effective_from", "effective_until"])
    _note(held, Kind.APPROVED, by, f"Counts from {effective_from:%Y-%m-%d}.")
    return held


def earliest_day() -> date:
    """Return the first day for which nothing has been decided yet; two queries."""
    decided = Recommendation.objects.aggregate(day=Max("as_of"))["day"]
    today = get_business_date()
    return today if decided is None or decided < today else date.fromordinal(decided.toordinal() + 1)


def find_replay(policy: Policy) -> PolicyReplay | None:
    """Return the newest finished replay of just what a version says now."""
    said = hash_of(as_rules(Policy.objects.get(pk=policy.pk)))
    return policy.replays.filter(state=PolicyReplay.State.DONE, rules_hash=said).order_by("-id").first()


def _lock(policy: Policy) -> Policy:
    """Lock all versions, so that approvals follow one another; there are few of them."""
    return {row.pk: row for row in Policy.objects.select_for_update().order_by("id")}[policy.pk]


def _need_reason(reason: str) -> None:
    if not reason.strip():
        raise PolicyRefused("Say why.", fields={"reason": "Say why."})


def _note(policy: Policy, kind: str, by: User, detail: str) -> None:
    PolicyEvent.objects.create(policy=policy, kind=kind, by=by, detail=detail.strip()[:1_000])
