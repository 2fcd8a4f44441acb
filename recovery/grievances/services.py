"""Keep what borrowers contest or complain of, and what they were answered."""

from datetime import date
from decimal import Decimal

from django.db import IntegrityError, transaction

from borrowers.models import Borrower, Loan
from borrowers.services import get_business_date
from creditpath.accounts.models import User
from creditpath.errors import broken_constraint
from recovery.errors import GrievanceRefused
from recovery.models import Grievance, GrievanceAnswer
from recovery.once import find_made, key_of
from recovery.reach import check_reach

Kind, Subject = Grievance.Kind, Grievance.Subject
SUBJECTS = {
    Kind.DISPUTE: (Subject.NOT_MINE, Subject.AMOUNT, Subject.ALREADY_PAID, Subject.FRAUD, Subject.OTHER),
    Kind.COMPLAINT: (Subject.CONDUCT, Subject.CONTACT, Subject.PRIVACY, Subject.SERVICE, Subject.OTHER),
}


def record_grievance(
    *,
    borrower: Borrower,
    kind: str,
    subject: str,
    channel: str,
    text: str,
    recorded_by: User | None,
    loan: Loan | None = None,
    received_on: date | None = None,
    form_key: str = "",
) -> Grievance:
    """Enter a dispute or a complaint as it was received (today); the database finds the last day for its answer.

    A dispute holds contacts about its loan, or about every debt, until it is answered. `form_key` makes it safe to send a form
    twice. Raises GrievanceRefused with a remedy for each field, BorrowerOutOfReach, FormAlreadyUsed.
    """
    check_reach(borrower.pk, recorded_by)
    key = key_of(recorded_by, form_key)
    if (made := find_made(Grievance.objects, key, borrower)) is not None:
        return made
    today = get_business_date()
    received_on = received_on or today
    fields: dict[str, str] = {}
    if kind not in Kind.values:
        fields["kind"] = "Choose dispute or complaint."
    elif subject not in SUBJECTS[Kind(kind)]:
        words = ", ".join(str(each.label) for each in SUBJECTS[Kind(kind)])
        fields["subject"] = f"A {kind} is about one of: {words}."
    if channel not in Grievance.Channel.values:
        fields["channel"] = "Choose how it came in."
    if not text.strip():
        fields["text"] = "Enter what they said or wrote, in their own words."
    if received_on > today:
        fields["received_on"] = f"This day is still to come: the books stand at {today}."
    if fields:
        raise GrievanceRefused(" ".join(fields.values()), fields=fields)
    try:
        with transaction.atomic():
            entered = Grievance.objects.create(
                borrower=borrower, loan=loan, kind=kind, subject=subject, channel=channel, text=text.strip(),
                received_on=received_on, recorded_by=recorded_by, form_key=key,
            )  # fmt: skip
    except IntegrityError as error:
        if (made := find_made(Grievance.objects, key, borrower)) is not None:  # by a second press at once
            return made
        if broken_constraint(error) != "grievance_is_about_a_debt_of_the_person":
            raise
        raise GrievanceRefused(fields={"loan": "This person neither owes that loan nor answers for it."}) from error
    entered.refresh_from_db(fields=["answer_due_on"])
    return entered


def answer_grievance(
    *,
    grievance: Grievance,
    outcome: str,
    text: str,
    answered_by: User | None,
    cause: str = "",
    redress_amount: Decimal | None = None,
) -> GrievanceAnswer:
    """Keep the decision and the exact answer; a dispute's hold is lifted with it.

    Once. Raises GrievanceRefused, BorrowerOutOfReach.
    """
    check_reach(grievance.borrower_id, answered_by)
    fields: dict[str, str] = {}
    if outcome not in GrievanceAnswer.Outcome.values:
        fields["outcome"] = "Choose what was decided."
    if not text.strip():
        fields["text"] = "Enter the exact answer that they were given."
    if fields:
        raise GrievanceRefused(" ".join(fields.values()), fields=fields)
    try:
        with transaction.atomic():
            return GrievanceAnswer.objects.create(
                grievance=grievance, outcome=outcome, text=text.strip(), cause=cause.strip(),
                redress_amount=redress_amount, answered_on=max(get_business_date(), grievance.received_on),
                answered_by=answered_by,
            )  # fmt: skip
    except IntegrityError as error:
        if GrievanceAnswer.objects.filter(grievance=grievance).exists():
            raise GrievanceRefused(f"This {grievance.get_kind_display()} is answered already.") from error
        if broken_constraint(error) == "redress_is_money":
            raise GrievanceRefused(fields={"redress_amount": "Enter an amount of zero or more."}) from error
        raise
