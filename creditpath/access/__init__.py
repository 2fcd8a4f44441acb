"""Who may do what: one matrix of routes and one of models, from which pages, API, admin and dashboards take their rights.

A route or a model that is absent here is closed to everybody. To open a new route, add its name to ROUTES in routes.py; for a
new model there is MODELS in rights.py.
"""

import functools
from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse

from creditpath.access.rights import MODEL_PERMISSIONS, MODELS, permissions_of
from creditpath.access.roles import MODEL_APPROVERS, MODEL_MAKERS, PERSONAL, PUBLIC, Access
from creditpath.access.routes import DASHBOARDS, ROUTES
from creditpath.accounts.models import User
from creditpath.callbacks import is_callback_of

__all__ = [
    "DASHBOARDS",
    "MODELS",
    "MODEL_APPROVERS",
    "MODEL_MAKERS",
    "MODEL_PERMISSIONS",
    "PERSONAL",
    "PUBLIC",
    "ROUTES",
    "access_of",
    "anyone_who_may_call",
    "dashboard_access",
    "enforces_matrix_itself",
    "error_json",
    "may_call",
    "may_see_dashboard",
    "permissions_of",
    "person_of",
    "refuse",
    "wants_json",
]


def access_of(route: str, method: str = "GET") -> Access | None:
    """Return who may call a route with a method; None means that the matrix does not know it, and it stays closed."""
    method = "GET" if method == "HEAD" else method
    if (own := ROUTES.get(f"{method} {route}")) is not None:
        return own
    if route.startswith("api:") and method == "OPTIONS":  # the description of a route, for whoever may use it at all
        return anyone_who_may_call(route)
    if route.startswith("api:") and method != "GET":
        return None
    return ROUTES.get(route, ROUTES.get(_whole_namespace(route)))


def anyone_who_may_call(route: str) -> Access | None:
    """Return who may call a route with some method or other; None means that the matrix does not know it."""
    lines = [access for key, access in ROUTES.items() if key.rpartition(" ")[2] == route]
    if not lines:
        return ROUTES.get(_whole_namespace(route))
    return PUBLIC if PUBLIC in lines else frozenset().union(*(line for line in lines if isinstance(line, frozenset)))


def _whole_namespace(route: str) -> str:
    return route.rpartition(":")[0] + ":*"


def person_of(request: HttpRequest) -> User:
    """Return who sent the request; the matrix has let nobody else in."""
    assert isinstance(request.user, User)
    return request.user


def may_call(user: Any, route: str, method: str = "GET") -> bool:
    """Say whether a user, logged in or not, may call a route."""
    access = access_of(route, method)
    if access is PUBLIC:
        return True
    return bool(access and user.is_authenticated and user.is_active and user.role in access)


# --- answers to those who may not -------------------------------------------------------------------------------------
def wants_json(request: HttpRequest) -> bool:
    """Say whether the caller is a program: the API, but for its page of documentation, and callbacks of dashboards."""
    path = request.path_info
    return (path.startswith("/api/") and not path.startswith("/api/v1/docs/")) or "/_dash-" in path


def error_json(*, code: str, detail: str, status: int, fields: dict[str, Any] | None = None) -> JsonResponse:
    """Build the one shape that every error of the API has."""
    return JsonResponse({"code": code, "detail": detail, "fields": fields or {}}, status=status)


def refuse(request: HttpRequest) -> HttpResponseBase:
    """Answer a caller who may not: programs get 401 or 403, the anonymous visitor of a page the log-in, others 403."""
    if wants_json(request):
        if request.user.is_authenticated:
            return error_json(code="permission_denied", detail="Your role may not do this.", status=403)
        response = error_json(code="not_authenticated", detail="Log in, or send a token.", status=401)
        response["WWW-Authenticate"] = "Token"
        return response
    if request.user.is_authenticated:
        raise PermissionDenied("Your role may not open this page.")
    return redirect_to_login(request.get_full_path())


# --- dashboards -------------------------------------------------------------------------------------------------------
def may_see_dashboard(user: User, name: str) -> bool:
    """Say whether a user may see a dashboard; one that DASHBOARDS does not name is closed to all."""
    return name in DASHBOARDS and may_call(user, DASHBOARDS[name])


def dashboard_access(view_func: Callable[..., HttpResponseBase], **kwargs: Any) -> Callable[..., HttpResponseBase]:
    """Close every view of django-plotly-dash, callbacks included, to those who may not see the page that shows it.

    Stored dashboard instances ("instance/…") are not used and stay closed. A callback whose body is not one of Dash's
    is answered 400, where the library would answer 200 or fail.
    """
    is_callback = kwargs.get("name") == "update-component"
    is_unserved = kwargs.get("name") == "routes"

    @functools.wraps(view_func)
    def closed(request: HttpRequest, ident: str = "", stateless: bool = False, **view_kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return refuse(request)
        if not stateless or ident not in DASHBOARDS:
            raise Http404("There is no such dashboard.")
        if not may_see_dashboard(request.user, ident):
            return refuse(request)
        # The library fails on these: an address it does not serve, and first values that it never handed out.
        if is_unserved or ("cache_id" in view_kwargs and view_kwargs["cache_id"] not in request.session):
            raise Http404("There is no such part of a dashboard.")
        if is_callback:
            if request.method != "POST":
                return error_json(code="method_not_allowed", detail="Callbacks are sent by POST.", status=405)
            if not is_callback_of(ident, request.body):
                return error_json(code="invalid_callback", detail="This is not a callback of a dashboard.", status=400)
        return view_func(request, ident=ident, stateless=stateless, **view_kwargs)

    return closed


# --- the door ---------------------------------------------------------------------------------------------------------
def enforces_matrix_itself(view: Callable[..., Any]) -> bool:
    """Say whether a view is one of the API that asks the matrix once it has read the token."""
    view_class = getattr(view, "cls", None)
    if view_class is None:
        return False
    classes = getattr(view, "initkwargs", {}).get("permission_classes", getattr(view_class, "permission_classes", ()))
    return any(getattr(permission, "asks_the_matrix", False) for permission in classes)
