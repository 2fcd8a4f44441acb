"""Signed links to the page of one borrower, from one contact point, until a day."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils import timezone

PURPOSE = "recovery.borrower_page"
EPOCH = date(2020, 1, 1)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whose page a link opens, and by which way the message with it came."""

    borrower_id: int
    contact_point_id: int
    channel: str  # sms or email


def make_token(*, visitor: Visitor, today: date | None = None) -> str:
    """Return what a link carries. It is the same all day, so that a message is sent as it was previewed."""
    until = (today or timezone.localdate()) + timedelta(days=settings.BORROWER_LINK_DAYS)
    parts = (visitor.borrower_id, visitor.contact_point_id, (until - EPOCH).days)
    text = ".".join(signing.b62_encode(part) for part in parts)
    return _signer().sign(f"{text}.{visitor.channel[0]}")


def read_token(token: str, *, today: date | None = None) -> Visitor | None:
    """Return whose page a link opens; None for what is forged, of another purpose, or over."""
    try:
        borrower, point, until, channel = _signer().unsign(token).split(".")
        last_day = EPOCH + timedelta(days=signing.b62_decode(until))
        visitor = Visitor(signing.b62_decode(borrower), signing.b62_decode(point), {"s": "sms", "e": "email"}[channel])
    except (signing.BadSignature, ValueError, KeyError, OverflowError):
        return None
    return visitor if (today or timezone.localdate()) <= last_day else None


def page_address(*, visitor: Visitor) -> str:
    """Return the whole address, "" where the lender has not said under which one the product is reached."""
    if not settings.PUBLIC_URL:
        return ""
    return settings.PUBLIC_URL.rstrip("/") + reverse("recovery:your-page", args=[make_token(visitor=visitor)])


def _signer() -> signing.Signer:
    return signing.Signer(sep="~", salt=PURPOSE)
