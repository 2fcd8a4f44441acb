"""What the books do at the close of a day."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from borrowers.clock import set_business_date
from borrowers.closing.registry import Closing, closing_step
from borrowers.delinquency.services import refresh_delinquency
from borrowers.models import BusinessDate
from creditpath.invariants import verify


@closing_step("advance_business_date", position=10, is_skippable=False)
def advance_business_date(closing: Closing) -> Mapping[str, Any]:
    """Let the books stand at the day."""
    row = BusinessDate.objects.get()
    set_business_date(day=closing.day, is_frozen=row.is_frozen)
    return {"from": row.day, "to": closing.day}


@closing_step("refresh_delinquency", position=20)
def refresh_figures(closing: Closing) -> Mapping[str, Any]:
    """Compute every loan's figures for the day, and keep those of a month end for good."""
    return refresh_delinquency(as_of=closing.day, progress=closing.progress).as_json()


@closing_step("verify", position=90, of_missed_days=False)
def verify_data(closing: Closing) -> Mapping[str, Any]:
    """Check every invariant; what is broken is reported and does not hold the close up."""
    report = verify()
    return {"checked": report.checked, "findings": [asdict(broken) for broken in report.broken]}
