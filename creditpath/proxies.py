"""Where a request comes from, behind proxies of our own."""

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """Return the address that throttles count by.

    X-Forwarded-For is written by whoever sends it: only its last entries are of proxies of our own, as many as CREDITPATH_PROXIES
    says there are. With none, the header is not looked at.
    """
    sender = str(request.META.get("REMOTE_ADDR", ""))
    n: int = settings.PROXIES
    told = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    if n < 1 or not told:
        return sender
    return str(told[-min(n, len(told))])[:64]
