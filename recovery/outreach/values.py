"""What the fields of a template say for one borrower."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from django.conf import settings

from borrowers.models import Borrower, Bucket, ContactPoint, Delinquency, Loan
from borrowers.services import get_business_date
from creditpath.accounts.models import User
from recovery.models import Recommendation
from recovery.outreach.opting_out import opt_out_link


def choose_loan(borrower: Borrower) -> Loan | None:
    """Return the loan that a message is about where nobody says: the one longest overdue."""
    figures = (
        Delinquency.objects.filter(loan__borrower=borrower)
        .exclude(bucket__in=(Bucket.PAID_OFF, Bucket.SOLD, Bucket.WRITTEN_OFF))
        .select_related("loan")
        .order_by("-days_past_due", "-overdue_amount", "loan_id")
        .first()
    )
    return figures.loan if figures else None


def values_for(
    *,
    borrower: Borrower,
    loan: Loan | None,
    recommendation: Recommendation | None,
    contact_point: ContactPoint | None,
    channel: str,
    sender: User,
) -> Mapping[str, str]:
    """Return the value of every field, "" for what is not known; two queries."""
    figures = Delinquency.objects.filter(loan=loan).first() if loan else None
    today = get_business_date()
    asked = (
        recommendation.ask_amount if recommendation and recommendation.loan_id == getattr(loan, "pk", None) else None
    )
    currency = loan.currency if loan else ""
    overdue = figures.overdue_amount if figures else None
    return {
        "borrower_name": borrower.full_name,
        "first_name": borrower.full_name.partition(" ")[0],
        "borrower_number": borrower.external_id,
        "loan_number": str(loan) if loan else "",
        "overdue_amount": _money(overdue, currency),
        "outstanding_amount": _money(figures.outstanding_amount if figures else None, currency),
        "ask_amount": _money(asked if asked is not None else overdue, currency),
        "days_past_due": str(figures.days_past_due) if figures and figures.days_past_due is not None else "",
        "next_due_on": _day(figures.next_due_on if figures else None),
        "next_due_amount": _money(figures.next_due_amount if figures else None, currency),
        "today": _day(today),
        "lender_name": settings.LENDER_NAME or "Your lender",
        "lender_phone": settings.LENDER_PHONE,
        "agent_name": sender.get_full_name() or sender.username,
        "opt_out_link": opt_out_link(borrower=borrower, contact_point=contact_point, channel=channel),
    }


def _money(amount: Decimal | None, currency: str) -> str:
    return f"{currency} {amount:,.2f}" if amount is not None else ""


def _day(value: date | None) -> str:
    return f"{value.day} {value:%b %Y}" if value else ""
