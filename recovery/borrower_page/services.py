"""What a borrower can do on their own page. What protects them asks for no proof; what shows a debt does."""

from collections.abc import Mapping
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from borrowers.models import Borrower, Consent, ContactPoint
from recovery.borrower_page.links import Visitor
from recovery.care.services import open_care_record
from recovery.errors import PageRefused
from recovery.grievances.services import record_grievance
from recovery.inbound.facts import find_wrong, given_answers
from recovery.models import CareRecord, Grievance, PageCheck, Plan
from recovery.outreach.opting_out import opt_out
from recovery.plans.services import choose_plan

WITHIN = timedelta(hours=1)
MOST_FAILED = 3
SOURCE = "the borrower's own page"


def stop_messages(*, visitor: Visitor) -> None:
    """End messages to the contact point that the link was sent to; doing it again changes nothing."""
    with transaction.atomic():
        point = ContactPoint.objects.select_for_update().get(
            pk=visitor.contact_point_id, borrower_id=visitor.borrower_id
        )
        said = (
            Consent.objects.filter(contact_point=point, channel=visitor.channel).order_by("-happened_at", "-id").first()
        )
        if said is None or said.is_given:
            opt_out(contact_points=[point], channel=visitor.channel, source=SOURCE, wording="Stop these messages")


def dispute(*, borrower: Borrower, words: str) -> None:
    """Enter a dispute in the register, which holds contacts until it is answered; once while one stands."""
    with transaction.atomic():
        Borrower.objects.select_for_update().get(pk=borrower.pk)
        if not Grievance.objects.open().filter(borrower=borrower, kind=Grievance.Kind.DISPUTE).exists():
            record_grievance(
                borrower=borrower, kind=Grievance.Kind.DISPUTE, subject=Grievance.Subject.OTHER, channel=Grievance.Channel.WEB,
                text=words.strip() or "Disputed, without words.", recorded_by=None,
            )  # fmt: skip


def ask_for_help(*, borrower: Borrower, words: str) -> None:
    """Open a record of care from what the borrower wrote, once while one is open."""
    with transaction.atomic():
        Borrower.objects.select_for_update().get(pk=borrower.pk)
        if not CareRecord.objects.open().filter(borrower=borrower).exists():
            open_care_record(
                borrower=borrower, category=CareRecord.Category.OTHER, details=words.strip() or "Asked for help, without words.",
                opened_by=None,
            )  # fmt: skip


def check_visitor(*, borrower: Borrower, answers: Mapping[str, str]) -> bool:
    """Compare what was answered with the books, as on the telephone, and write down the try; what was said is not kept.

    All that was answered has to fit, and at least IDENTITY_FACTS_NEEDED of it. After three tries that failed within an hour none
    is looked at any more: the borrower's row is locked, so that no race gets one more. Raises PageRefused.
    """
    given = given_answers(answers)
    if len(given) < settings.IDENTITY_FACTS_NEEDED:
        raise PageRefused(f"Please answer {settings.IDENTITY_FACTS_NEEDED} of these.")
    with transaction.atomic():
        Borrower.objects.select_for_update().get(pk=borrower.pk)
        failed = PageCheck.objects.filter(borrower=borrower, is_passed=False, checked_at__gt=timezone.now() - WITHIN)
        if failed.count() >= MOST_FAILED:
            raise PageRefused("Too many tries. Please wait an hour, or call us.")
        is_passed = not find_wrong(borrower, given)
        PageCheck.objects.create(borrower=borrower, facts=list(given), is_passed=is_passed)
    return is_passed


def choose_offered_plan(*, borrower: Borrower, plan_id: int) -> Plan:
    """Make a plan active that was offered to the borrower. Raises PageRefused where it is not on offer."""
    plan = Plan.objects.in_state("proposed").filter(pk=plan_id, loan__borrower=borrower).select_related("loan").first()
    if plan is None:
        raise PageRefused("This plan is no longer on offer. Please call us.")
    choose_plan(plan=plan)
    return plan
