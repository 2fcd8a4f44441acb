"""The answer after too many wrong passwords."""

from typing import Any

from axes.helpers import get_cool_off
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from creditpath.access import error_json, wants_json


def answer_locked_out(
    request: HttpRequest, answer: HttpResponse | None = None, credentials: dict[str, Any] | None = None
) -> HttpResponse:
    """Say 429 and for how long, in JSON to programs and as a page to people."""
    cool_off = get_cool_off(request)
    minutes = max(1, round(cool_off.total_seconds() / 60)) if cool_off else 0
    response: HttpResponse
    if wants_json(request):
        detail = f"Too many wrong passwords. Try again in {minutes} minutes."
        response = error_json(code="locked_out", detail=detail, status=429)
    else:
        response = render(request, settings.AXES_LOCKOUT_TEMPLATE, {"minutes": minutes}, status=429)
    response["Retry-After"] = str(minutes * 60)
    return response
