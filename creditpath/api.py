"""What every endpoint of the API shares: who may call it, how lists are paged, what an error looks like."""

from __future__ import annotations

import json
import logging
import re
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DataError, IntegrityError, OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.pagination import CursorPagination
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from creditpath.access import PUBLIC, access_of, anyone_who_may_call, may_call
from creditpath.errors import DomainError, broken_constraint
from creditpath.idempotency.api import IdempotentCreateMixin

if TYPE_CHECKING:  # rest_framework.views imports this module by way of the settings
    from rest_framework.views import APIView

__all__ = ["IdempotentCreateMixin", "KeysetPagination", "RolePermission", "error_response"]

logger = logging.getLogger(__name__)


class RolePermission(BasePermission):
    """Ask the matrix of creditpath.access by the route's name and the method; what it does not know is refused."""

    asks_the_matrix = True

    def has_permission(self, request: Request, view: APIView) -> bool:
        assert request.resolver_match is not None  # a view is reached through the resolver
        route = request.resolver_match.view_name
        method = request.method or "GET"
        if not hasattr(view, method.lower()):  # 405 for those who may call the route at all
            access = anyone_who_may_call(route)
            return access is PUBLIC or bool(access and request.user.is_authenticated and request.user.role in access)
        if access_of(route, method) is None:
            logger.warning("no line in creditpath.access.ROUTES opens %s %s", method, route)
        return may_call(request.user, route, method)


class KeysetPagination(CursorPagination):
    """Page through a list by id, which costs the same on the last page as on the first and misses no row.

    A subclass that orders by another column also says what a position looks like.
    """

    ordering = "id"
    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = 500
    position_pattern = re.compile(r"-?[0-9]{1,18}")

    def decode_cursor(self, request: Request) -> Any:
        """Read the cursor; one that was tampered with is answered 400."""
        try:
            cursor = super().decode_cursor(request)
        except exceptions.NotFound:
            cursor = None
            is_valid = False
        else:
            position = getattr(cursor, "position", None)
            is_valid = position is None or bool(self.position_pattern.fullmatch(str(position)))
        if not is_valid:
            raise exceptions.ValidationError({self.cursor_query_param: ["This is not a cursor of this list."]})
        return cursor


def error_response(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Answer every error as {"code", "detail", "fields"}; None leaves a fault of ours to Django, which logs it."""
    match exc:
        case DomainError():
            status = getattr(exc, "http_status", 400 if exc.fields else 409)
            return Response(exc.as_json(), status=status, headers=getattr(exc, "http_headers", None))
        case exceptions.ValidationError():
            return _error("invalid", _first_message(exc.detail), 400, fields=_as_fields(exc.detail))
        case DjangoValidationError():
            detail = exceptions.ValidationError(getattr(exc, "message_dict", None) or exc.messages).detail
            return _error("invalid", _first_message(detail), 400, fields=_as_fields(detail))
        case IntegrityError():
            return _broken_constraint(exc)
        case DataError():
            return _error("invalid_value", "A value cannot be stored: it is out of range or holds NUL.", 400)
        case RecursionError():
            return _error("nested_too_deeply", "The body is nested too deeply.", 400)
        case RequestDataTooBig():
            return _error("body_too_large", "The body is too large.", 413)
        case OperationalError():
            logger.error("the database did not answer", exc_info=exc)
            return _error("unavailable", "The database is not available. Try again shortly.", 503, {"Retry-After": "5"})
        case Http404():
            return _error("not_found", "There is no such thing, or it is out of your reach.", 404)
        case PermissionDenied():
            return _error("permission_denied", str(exc) or "Your role may not do this.", 403)
        case exceptions.APIException():
            return _api_exception(exc)
    return None


def _error(
    code: str, detail: str, status: int, headers: dict[str, str] | None = None, *, fields: dict[str, Any] | None = None
) -> Response:
    body = json.dumps(
        {"code": code, "detail": detail, "fields": fields or {}}, cls=DjangoJSONEncoder, ensure_ascii=False
    )
    # What was sent may come back in a message, and a lone surrogate in it is no text that could be sent.
    return Response(json.loads(body.encode("utf-8", "replace")), status=status, headers=headers)


def _api_exception(exc: exceptions.APIException) -> Response:
    headers = {}
    if header := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = header
    if (wait := getattr(exc, "wait", None)) is not None:
        headers["Retry-After"] = str(int(wait) + 1)
    codes = exc.get_codes()
    code = codes if isinstance(codes, str) else exc.default_code
    return _error(code, _first_message(exc.detail), exc.status_code, headers)


def _as_fields(detail: Any) -> dict[str, Any]:
    if isinstance(detail, dict):
        return detail
    if detail and isinstance(detail[0], dict):  # one per row of a list
        return {str(row): errors for row, errors in enumerate(detail) if errors}
    return {"non_field_errors": detail}


def _first_message(detail: Any, path: str = "") -> str:
    """Return the first message of a tree of errors, with the way to its field before it."""
    if isinstance(detail, dict):
        for key, value in detail.items():
            if value:
                own = "" if key in ("non_field_errors", "__all__") else str(key)
                return _first_message(value, ".".join(filter(None, [path, own])))
    if isinstance(detail, list):
        for number, value in enumerate(detail):
            if value:
                return _first_message(value, f"{path}[{number}]" if isinstance(value, (dict, list)) else path)
    return f"{path}: {detail}" if path else str(detail)


def _broken_constraint(exc: IntegrityError) -> Response | None:
    """Turn the name of a constraint, which is a sentence, into the answer; 409 where another row is in the way."""
    diagnosis = getattr(exc.__cause__, "diag", None)
    name = broken_constraint(exc)
    if name is None:
        column = getattr(diagnosis, "column_name", None)
        if column is None:
            return None
        return _error("missing_value", f"{column}: this is required.", 400, fields={column: ["This is required."]})
    is_conflict = getattr(exc.__cause__, "pgcode", "") in ("23505", "23P01")
    sentence = name.replace("_", " ").capitalize() + "."
    return _error(name, f"The data would break a rule: {sentence}", 409 if is_conflict else 400)
