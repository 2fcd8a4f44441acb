"""What every page shows of the books."""

from typing import Any

from django.http import HttpRequest

from borrowers.services import describe_books


def books(request: HttpRequest) -> dict[str, Any]:
    """Offer `books.business_date` (a date or None) and `books.is_simulated` to every template."""
    return {"books": describe_books()}
