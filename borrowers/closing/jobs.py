"""What the books do in the background."""

from typing import Any

from django.conf import settings

from borrowers.closing.errors import BooksAreFrozen
from borrowers.closing.services import close_of_business
from borrowers.errors import NoBusinessDate
from creditpath.jobs import job, progress, schedule


@job("close_of_business")
def close_days() -> dict[str, Any]:
    """Close the days that have ended; books that are empty or frozen have none."""
    try:
        return close_of_business(progress=progress).as_json()
    except (BooksAreFrozen, NoBusinessDate) as reason:
        return {"days": [], "reason": reason.detail}


schedule("close of business", cron=settings.CLOSE_OF_BUSINESS_AT, job="close_of_business")
