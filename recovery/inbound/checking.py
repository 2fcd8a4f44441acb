"""Identify a caller before any debt is shown or named."""

from collections.abc import Mapping
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from borrowers.models import Borrower
from creditpath.accounts.models import User
from recovery.contacts.services import record_action
from recovery.errors import IdentityCheckRefused
from recovery.inbound.facts import asked_facts, find_wrong, given_answers
from recovery.inbound.finding import find_point
from recovery.models import IdentityCheck
from recovery.outreach.services import find_template, render_for
from recovery.reach import check_reach

WITHIN = timedelta(hours=1)
MOST_FAILED_OF_BORROWER, MOST_FAILED_OF_AGENT = 3, 10
COUNTS_FOR = timedelta(hours=4)  # a call that was begun by a check
SENT_TWICE = timedelta(minutes=1)  # the same form, by a second press of a key


def check_identity(*, borrower: Borrower, agent: User, answers: Mapping[str, str], number: str = "") -> IdentityCheck:
    """Compare what a caller says with the books, and write it down either way; what was said is not kept.

    Who passes is recorded as an inbound contact, which starts the wait after a conversation and is no attempt. All that was
    answered has to fit, and at least IDENTITY_FACTS_NEEDED of it. After three checks of a borrower that failed within an hour,
    or ten of an agent, no more are made: both rows are locked, so that no race gets one more. Raises IdentityCheckRefused,
    BorrowerOutOfReach.
    """
    check_reach(borrower.pk, agent)
    facts, needed = asked_facts(), settings.IDENTITY_FACTS_NEEDED
    given = given_answers(answers)
    if len(given) < needed:
        missing = {name: "Ask for it." for name in facts if name not in given}
        raise IdentityCheckRefused(f"Ask for {needed} of these at least.", fields=missing)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=agent.pk)
        Borrower.objects.select_for_update().get(pk=borrower.pk)
        made = find_passed(borrower=borrower, agent=agent, within=SENT_TWICE)
        if made is not None and made.open_event is not None:
            return made
        refuse_after_failures(borrower=borrower, agent=agent)
        wrong = find_wrong(borrower, given)
        check = IdentityCheck(
            borrower=borrower, agent=agent, number=number[:40], facts=list(given), wrong=wrong, is_passed=not wrong
        )
        if check.is_passed:
            check.disclosure = disclosure_for(borrower=borrower, agent=agent)
            named = ", ".join(facts[name].label.lower() for name in given)
            check.contact_event = record_action(
                borrower=borrower, agent=agent, channel="inbound", outcome="spoke", note=f"Identified by {named}.",
                contact_point=find_point(borrower=borrower, number=number),
            ).event  # fmt: skip
        check.save()
    return check


def refuse_after_failures(*, borrower: Borrower, agent: User) -> None:
    """Raise IdentityCheckRefused if too many checks of the borrower, or by the agent, failed within the last hour."""
    failed = IdentityCheck.objects.filter(is_passed=False, checked_at__gt=timezone.now() - WITHIN)
    if failed.filter(borrower=borrower).count() >= MOST_FAILED_OF_BORROWER:
        raise IdentityCheckRefused(
            "Too many checks of this borrower failed within an hour. Say nothing about a debt, and offer a call to the "
            "number that is known.",
            code="too_many_failed_checks",
        )
    if failed.filter(agent=agent).count() >= MOST_FAILED_OF_AGENT:
        raise IdentityCheckRefused(
            "Too many of your checks failed within an hour: pass the call to your manager.",
            code="too_many_failed_checks",
        )


def find_passed(*, borrower: Borrower, agent: User, within: timedelta = COUNTS_FOR) -> IdentityCheck | None:
    """Return the check that a call in progress began with: the agent's latest one that passed, of the last hours."""
    return (
        IdentityCheck.objects.filter(
            borrower=borrower, agent=agent, is_passed=True, checked_at__gt=timezone.now() - within
        )
        .select_related("contact_event__corrected_by")
        .order_by("-id")
        .first()
    )


def disclosure_for(*, borrower: Borrower, agent: User) -> str:
    """Return what has to be said once the caller is identified, by the lender's profile and the borrower's language."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT contact_profile()")
        (profile,) = cursor.fetchone()
    key = f"{profile.replace('_', '-')}-disclosure"
    template = find_template(key=key, borrower=borrower, channel="call")
    if template is None:
        raise IdentityCheckRefused(f"No template {key} is live: a manager publishes one first.")
    return render_for(borrower=borrower, template=template, sender=agent).text
