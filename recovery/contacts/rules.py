"""Draft and approve rules, and choose the profile they are taken from."""

from django.db import transaction
from django.utils import timezone

from borrowers.errors import NoBusinessDate
from borrowers.services import get_business_date
from creditpath.accounts.models import User
from recovery.errors import RuleNotApproved
from recovery.models import ContactProfile, ContactRule, LimitationPeriod, Profile


@transaction.atomic
def approve_rule(*, rule: ContactRule | LimitationPeriod, approved_by: User) -> ContactRule | LimitationPeriod:
    """Let a drafted version count from its day on; from now on it is never changed. Raises RuleNotApproved.

    Somebody else than who drafted it approves. Its day must not have passed: what was permitted yesterday stays as it was.
    """
    held = type(rule)._default_manager.select_for_update().get(pk=rule.pk)
    if held.is_approved:
        raise RuleNotApproved(f"{held} is approved already.")
    if held.drafted_by_id is None or held.drafted_by_id == approved_by.pk:
        raise RuleNotApproved("A second person approves: not who drafted it.")
    try:
        today = get_business_date()
    except NoBusinessDate:
        today = held.effective_from
    if held.effective_from < today:
        raise RuleNotApproved(
            f"{held} would count from {held.effective_from}, which has passed: draft it for a later day."
        )
    held.approved_by, held.approved_at = approved_by, timezone.now()
    held.save(update_fields=["approved_by", "approved_at"])
    return held


def choose_contact_profile(*, profile: str, reason: str, chosen_by: User | None) -> ContactProfile:
    """Say whether the lender collects its own debts or others'; the newest choice counts at once, earlier ones stay on record."""
    if profile not in Profile.values:
        raise RuleNotApproved(fields={"profile": "Choose first_party or third_party."})
    if not reason.strip():
        raise RuleNotApproved(fields={"reason": "Say why."})
    return ContactProfile.objects.create(profile=profile, reason=reason.strip(), chosen_by=chosen_by)
