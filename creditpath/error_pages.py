"""The answers when something is not there, not allowed or broken: a page to people, JSON to programs."""

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.views import defaults

from creditpath.access import error_json, wants_json


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if wants_json(request):
        return error_json(code="bad_request", detail="The request cannot be understood.", status=400)
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if wants_json(request):
        return error_json(code="permission_denied", detail="Your role may not do this.", status=403)
    return defaults.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if wants_json(request):
        return error_json(code="not_found", detail="There is nothing at this address.", status=404)
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest, *args: Any) -> HttpResponseBase:
    if wants_json(request):
        return error_json(code="server_error", detail="Something failed on our side; it is in the log.", status=500)
    return defaults.server_error(request)
