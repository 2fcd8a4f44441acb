"""Signed events: what another system sends is taken only with a signature of ours, made a moment ago.

The signature is HMAC-SHA256 over "<seconds since 1970>.<body>", in hexadecimal, in the headers X-Event-Timestamp and
X-Event-Signature. Several secrets may be live while one is replaced.
"""

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime

from creditpath.errors import DomainError

NOT_OLDER_THAN = 300  # seconds, in either direction


class SignatureMissing(DomainError):
    """Send X-Event-Timestamp and X-Event-Signature."""

    code = "signature_missing"
    http_status = 400


class SignatureRefused(DomainError):
    """The signature does not fit this body and time."""

    code = "signature_refused"
    http_status = 401


def sign(body: bytes, *, timestamp: int, secret: str) -> str:
    """Return the signature of a body."""
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def check_signature(body: bytes, *, timestamp: str, signature: str, secrets: Iterable[str], now: datetime) -> None:
    """Raise SignatureMissing, or SignatureRefused for a body that was changed, one sent long ago, or where no secret is set."""
    if not timestamp or not signature:
        raise SignatureMissing()
    is_time = timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12
    if not is_time or abs(now.timestamp() - int(timestamp)) > NOT_OLDER_THAN:
        raise SignatureRefused("The event was signed too long ago, or the clocks differ: sign it anew when it is sent.")
    given = signature.removeprefix("sha256=").encode()
    fits = [
        hmac.compare_digest(sign(body, timestamp=int(timestamp), secret=secret).encode(), given) for secret in secrets
    ]
    if not any(fits):
        raise SignatureRefused()
