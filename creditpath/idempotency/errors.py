"""What can be wrong with an Idempotency-Key."""

from creditpath.errors import DomainError


class BadIdempotencyKey(DomainError):
    """An Idempotency-Key has 1 to 200 printable ASCII characters."""

    code = "bad_idempotency_key"
    http_status = 400


class IdempotencyKeyInFlight(DomainError):
    """A request with this Idempotency-Key is being worked on. Repeat yours in a moment to get its answer."""

    code = "idempotency_key_in_flight"
    http_status = 409
    http_headers = {"Retry-After": "1"}


class IdempotencyKeyReused(DomainError):
    """This Idempotency-Key was used with another body. Use a new key for a new request."""

    code = "idempotency_key_reused"
    http_status = 422
