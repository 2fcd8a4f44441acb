"""Every address of a dashboard is closed to those who may not see it, callbacks included."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as live_settings
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django_plotly_dash.access import dash_view_decorator

from creditpath.access import DASHBOARDS, dashboard_access, error_json
from creditpath.accounts.models import Role
from creditpath.checks import dashboards_are_closed, middleware_is_in_order

Clients = Callable[[Role], Client]
CALLBACK = "/django_plotly_dash/app/portfolio/_dash-update-component"
BODY = {
    "output": "charts.children",
    "outputs": {"id": "charts", "property": "children"},
    "inputs": [{"id": "address", "property": "search", "value": ""}],
    "changedPropIds": ["address.search"],
}


def test_library_uses_our_decorator() -> None:
    assert dash_view_decorator is dashboard_access


@pytest.mark.django_db
@pytest.mark.parametrize("body", [BODY, {}, [], "x"])
@pytest.mark.parametrize("csrf", [True, False])
def test_anonymous_callback_is_refused_whatever_it_says(body: Any, csrf: bool) -> None:
    answer = Client(enforce_csrf_checks=csrf).post(CALLBACK, data=body, content_type="application/json")
    assert answer.status_code == 401
    assert b"charts" not in answer.content


@pytest.mark.parametrize("part", ["_dash-layout", "_dash-dependencies", "_dash-update-component"])
def test_role_without_the_page_gets_no_part_of_its_dashboard(part: str, client_of: Clients) -> None:
    client = client_of(Role.AGENT)
    answer = client.post(CALLBACK, data=BODY, content_type="application/json") if "update" in part else None
    answer = answer or client.get(f"/django_plotly_dash/app/portfolio/{part}")
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert client.get("/django_plotly_dash/app/portfolio/").status_code == 403


def test_role_with_the_page_gets_its_dashboard(client_of: Clients) -> None:
    client = client_of(Role.MANAGER)
    assert client.get("/django_plotly_dash/app/portfolio/").status_code == 200
    assert client.get("/django_plotly_dash/app/portfolio/_dash-layout").status_code == 200


@pytest.mark.parametrize("body", ["", "{", "{}", "[]", "null", '{"output": 1, "inputs": []}', "[" * 100_000, "\udcff"])
def test_malformed_callback_is_400(body: str, client_of: Clients) -> None:
    data = body.encode("utf-8", "surrogateescape")
    answer = client_of(Role.MANAGER).post(CALLBACK, data=data, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_callback")


@pytest.mark.parametrize(
    "address", ["app/unknown/", "app/unknown/_dash-layout", "instance/portfolio/", "instance/1/_dash-layout"]
)
def test_dashboard_that_no_page_shows_is_not_there(address: str, client_of: Clients) -> None:
    assert client_of(Role.ADMIN).get(f"/django_plotly_dash/{address}").status_code == 404


def test_nobody_makes_the_library_write_its_registry(client_of: Clients) -> None:
    assert client_of(Role.ADMIN).get("/django_plotly_dash/add_stateless_apps").status_code == 403


@pytest.mark.parametrize(
    "name", ["creditpath.access.dashboard_acess", "creditpath.acces.x", "login_required", "", None]
)
def test_misspelt_or_missing_decorator_stops_the_start(name: str | None, settings: Any) -> None:
    settings.PLOTLY_DASH = {**live_settings.PLOTLY_DASH, "view_decorator": name}
    assert [error.id for error in dashboards_are_closed(None)] == ["creditpath.E001"]


def test_other_decorator_than_ours_stops_the_start(settings: Any) -> None:
    settings.PLOTLY_DASH = {"view_decorator": "django_plotly_dash.access.login_required"}
    assert [error.id for error in dashboards_are_closed(None)] == ["creditpath.E001"]


def test_web_process_which_runs_no_checks_does_not_start_either(settings: Any) -> None:
    import importlib

    from creditpath import urls

    settings.PLOTLY_DASH = {"view_decorator": "creditpath.access.dashboard_acess"}
    with pytest.raises(ImproperlyConfigured, match="open to everybody"):
        importlib.reload(urls)


def test_guard_that_is_missing_or_misplaced_stops_the_start(settings: Any) -> None:
    guard = "creditpath.middleware.RouteAccessMiddleware"
    others = [name for name in settings.MIDDLEWARE if name != guard]
    for middleware in (others, [guard, *others]):
        settings.MIDDLEWARE = middleware
        assert [error.id for error in middleware_is_in_order(None)] == ["creditpath.E002"]


def test_every_dashboard_of_the_product_is_named() -> None:
    from django.urls import get_resolver
    from django_plotly_dash.dash_wrapper import all_apps

    assert get_resolver().url_patterns  # loading the addresses loads the dashboards
    assert set(all_apps()) == set(DASHBOARDS)


def test_error_shape_is_one() -> None:
    assert b'"fields": {}' in error_json(code="x", detail="y", status=400).content
