"""Requests that may be repeated: the same key gets the same answer, and the work is done once."""

import hashlib
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from django.http import HttpResponse, QueryDict
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request, is_form_media_type
from rest_framework.response import Response

from creditpath.idempotency.errors import BadIdempotencyKey, IdempotencyKeyInFlight, IdempotencyKeyReused
from creditpath.idempotency.models import GivenAnswer

HEADER = "Idempotency-Key"
MAX_LENGTH = 200


class IdempotentCreateMixin:
    """Make every POST of a view or viewset repeatable under its Idempotency-Key; put it before the view's other bases.

    It works on create() and on actions of one's own alike. Without the header a POST is done as often as it is sent.
    """

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Wrap the handler once permissions and throttles have let the request in."""
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        handler = getattr(self, "post", None)
        if request.method == "POST" and handler is not None:
            self.post = partial(_answer_by, handler)


def _answer_by(handler: Callable[..., Any], request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
    return answer_once(request, partial(handler, request, *args, **kwargs))


def answer_once(request: Request, work: Callable[[], Response]) -> HttpResponse:
    """Do the work of a request unless its key was answered before, and then give that answer.

    The work, the key and the answer are written in one transaction: a crash leaves none of them, and an error (4xx, 5xx)
    leaves the key free. Of requests that race with one key one works, and the others get IdempotencyKeyInFlight or its
    answer: an advisory lock decides, the unique constraint stands behind it. Raises also BadIdempotencyKey and, for a known
    key with another body, IdempotencyKeyReused.
    """
    key = read_key(request)
    if key is None:
        return work()
    scope = {"user": request.user, "method": request.method, "path": request.path_info, "key": key}
    body_sha256 = _hash_body(request)
    with transaction.atomic():
        if not _take_lock(f"{request.user.pk} {request.method} {request.path_info} {key}"):
            raise IdempotencyKeyInFlight()
        if (given := GivenAnswer.objects.filter(**scope).first()) is not None:
            if given.body_sha256 != body_sha256:
                raise IdempotencyKeyReused()
            return _replay(given)
        response = work()
        if response.status_code >= 400:
            transaction.set_rollback(True)
            return response
        GivenAnswer.objects.create(
            **scope,
            body_sha256=body_sha256,
            status=response.status_code,
            body="" if response.data is None else JSONRenderer().render(response.data).decode(),
            location=response.headers.get("Location", ""),
        )
        return response


def read_key(request: Request) -> str | None:
    """Return the key of a request, None if it sends none; raises BadIdempotencyKey."""
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not 1 <= len(key) <= MAX_LENGTH or not key.isascii() or not key.isprintable() or not key.strip():
        raise BadIdempotencyKey(fields={HEADER: [f"1 to {MAX_LENGTH} printable ASCII characters."]})
    return key


def _take_lock(scope: str) -> bool:
    """Try to hold the scope until the transaction ends; PostgreSQL shows our rows to others before it lets go."""
    number = int.from_bytes(hashlib.sha256(scope.encode()).digest()[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        return bool(cursor.fetchone()[0])


def _hash_body(request: Request) -> str:
    if not is_form_media_type(request.content_type):
        return hashlib.sha256(request._request.body).hexdigest()
    digest = hashlib.sha256()  # of a form, the parts: the raw body has another boundary each time, and may be large
    for name, values in sorted(cast(QueryDict, request.data).lists()):
        for value in values:
            digest.update(name.encode() + b"\0")
            for chunk in value.chunks() if isinstance(value, UploadedFile) else [str(value).encode()]:
                digest.update(chunk)
            digest.update(b"\0")
    return digest.hexdigest()


def _replay(given: GivenAnswer) -> HttpResponse:
    response = HttpResponse(given.body.encode(), status=given.status, content_type="application/json")
    response["Idempotency-Replayed"] = "true"
    if given.location:
        response["Location"] = given.location
    return response
