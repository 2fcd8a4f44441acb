"""What every request passes: an id, a look at its form, the content security policy, the matrix of access."""

import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.signals import request_finished
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from creditpath.access import anyone_who_may_call, enforces_matrix_itself, error_json, may_call, refuse, wants_json
from creditpath.logs import request_id

GetResponse = Callable[[HttpRequest], HttpResponse]

SELF = "'self'"
UNSAFE_INLINE = "'unsafe-inline'"
# The only inline script of a Dash page: `var renderer = new DashRenderer();`. A test pins it to the page as it is served.
DASH_RENDERER = "'sha256-jZlsGVOhUAIcH+4PVs7QuGZkthRMgvT2n0ilH6/zTM0='"
# Exceptions from the strict policy of the settings, each as narrow as its page allows; the first prefix that fits counts.
POLICIES: dict[str, dict[str, list[str]]] = {
    "/django_plotly_dash/": {"script-src": [SELF, DASH_RENDERER], "style-src": [SELF, UNSAFE_INLINE]},
    "/dashboards/": {
        "script-src": [SELF, DASH_RENDERER],
        "style-src": [SELF, UNSAFE_INLINE],
    },  # the charts stand in the page
    "/api/v1/docs/": {"style-src": [SELF, UNSAFE_INLINE]},
}


class RequestIdMiddleware:
    """Give every request an id of our own making; it is in the answer's X-Request-ID and in each line of the log."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        value = uuid.uuid4().hex
        request_id.set(value)
        response = self.get_response(request)
        response["X-Request-ID"] = value
        return response


@receiver(request_finished)
def forget_request_id(**kwargs: Any) -> None:
    """Forget the id once the answer is out: Django still logs refusals after the last middleware has returned."""
    request_id.set("")


class WellFormedRequestMiddleware:
    """Refuse what no page of ours can mean: NUL in the address, a token of no alphabet, an API body above the limit."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            return self._answer(request, code="nul_character", detail="The address holds a NUL character.", status=400)
        if not request.META.get("HTTP_AUTHORIZATION", "").isascii():
            return self._answer(request, code="authentication_failed", detail="Invalid token.", status=401)
        # DRF reads the stream of a request by itself, past Django's limit.
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        is_upload = request.content_type == "multipart/form-data"
        if wants_json(request) and not is_upload and _content_length(request) > limit:
            detail = f"The body is larger than {limit} bytes."
            return self._answer(request, code="body_too_large", detail=detail, status=413)
        # Uploads are refused by their announced size, before a byte of them is read.
        if (
            request.method == "POST"
            and _content_length(request) > settings.IMPORT_MAX_BYTES + settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        ):
            most = f"{settings.IMPORT_MAX_BYTES / 1e6:,.0f} MB"
            detail = (
                f"This is larger than {most}, the most that is taken through the browser. Nothing was kept. "
                "Pack the file with gzip (csv.gz), split it, or let an administrator run import_portfolio on the server."
            )
            return self._answer(request, code="body_too_large", detail=detail, status=413)
        return self.get_response(request)

    @staticmethod
    def _answer(request: HttpRequest, *, code: str, detail: str, status: int) -> HttpResponse:
        if wants_json(request):
            response = error_json(code=code, detail=detail, status=status)
            if status == 401:
                response["WWW-Authenticate"] = "Token"
            return response
        return HttpResponse(detail, status=status, content_type="text/plain; charset=utf-8")


def _content_length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


class PrefixCSPMiddleware:
    """Give the pages below a prefix of POLICIES its policy; placed after CSPMiddleware, which then writes the header."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for prefix, directives in POLICIES.items():
            if request.path_info.startswith(prefix):
                response._csp_replace = directives  # type: ignore[attr-defined]  # what django-csp reads
                break
        return response


class RouteAccessMiddleware:
    """Refuse every request that the matrix of creditpath.access does not allow, a route that it does not know included.

    Placed after AuthenticationMiddleware. Views of the API that ask the matrix by themselves are let through to read
    their token first; one that does not ask it is treated as a page.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        assert request.resolver_match is not None  # Django resolves the address before it calls process_view
        route = request.resolver_match.view_name
        if enforces_matrix_itself(view) and anyone_who_may_call(route) is not None:
            return None
        if may_call(request.user, route, request.method or "GET"):
            return None
        return refuse(request)
