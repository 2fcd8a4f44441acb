"""System checks of the leaf layer: creditpath.E001 to E002, creditpath.W001."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.module_loading import import_string


@register()
def dashboards_are_closed(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Refuse to start where django-plotly-dash would not find its decorator: it then opens every dashboard in silence."""
    hint = "Set PLOTLY_DASH['view_decorator'] = 'creditpath.access.dashboard_access'."
    return [Error(fault, hint=hint, id="creditpath.E001") for fault in find_open_dashboards()]


def find_open_dashboards() -> list[str]:
    """Say what is wrong with the decorator that closes dashboards; empty if nothing is."""
    from creditpath.access import dashboard_access

    name = getattr(settings, "PLOTLY_DASH", {}).get("view_decorator")
    if not name:
        return ["The dashboards are open to everybody: PLOTLY_DASH has no view_decorator."]
    try:
        decorator = import_string(name)
    except ImportError:
        return [f"The dashboards are open to everybody: the view_decorator {name} cannot be imported."]
    if decorator is not dashboard_access:
        return [f"The dashboards do not follow the route matrix: the view_decorator is {name}."]
    return []


@register()
def middleware_is_in_order(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Refuse to start where a guard is missing from MIDDLEWARE or stands before what it needs."""
    pairs = [
        ("django.contrib.auth.middleware.AuthenticationMiddleware", "creditpath.middleware.RouteAccessMiddleware"),
        ("csp.middleware.CSPMiddleware", "creditpath.middleware.PrefixCSPMiddleware"),
    ]
    places = {name: place for place, name in enumerate(settings.MIDDLEWARE)}
    return [
        Error(f"MIDDLEWARE needs {second} after {first}.", id="creditpath.E002")
        for first, second in pairs
        if not 0 <= places.get(first, -1) < places.get(second, -1)
    ]


@register()
def every_route_is_in_the_matrix(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Name the routes that nobody can call because the matrix does not know them."""
    from creditpath.access import anyone_who_may_call

    return [
        Warning(
            f"The route {name} ({address}) is closed to everybody: creditpath.access.ROUTES has no line for it.",
            hint=f'Add "{name}": … to ROUTES in creditpath/access.py.',
            id="creditpath.W001",
        )
        for name, address, _ in each_route()
        if anyone_who_may_call(name) is None
    ]


def each_route(
    patterns: Sequence[URLPattern | URLResolver] | None = None, namespaces: tuple[str, ...] = (), prefix: str = ""
) -> Iterator[tuple[str, str, URLPattern]]:
    """Walk the resolver: the full name of each route as resolver_match.view_name has it, its address, its pattern."""
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        address = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = (*namespaces, entry.namespace) if entry.namespace else namespaces
            yield from each_route(entry.url_patterns, inner, address)
        else:
            yield ":".join((*namespaces, entry.name or entry.lookup_str)), address, entry
