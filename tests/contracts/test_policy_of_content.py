"""The Content-Security-Policy of each kind of page."""

import base64
import hashlib
import re
from collections.abc import Callable

import pytest
from django.test import Client

from creditpath.accounts.models import Role
from creditpath.middleware import DASH_RENDERER
from tests.contracts.world import World

Clients = Callable[[Role], Client]


def policy_of(client: Client, address: str) -> dict[str, list[str]]:
    header = client.get(address).headers["Content-Security-Policy"]
    return {words[0]: words[1:] for words in (part.split() for part in header.split(";")) if words}


@pytest.mark.parametrize(
    "address", ["/admin/", "/admin/accounts/user/", "/worklist/", "/api/v1/models/", "/healthz", "/nowhere/"]
)
def test_page_of_ours_loads_and_runs_what_we_serve_alone(address: str, client_of: Clients) -> None:
    policy = policy_of(client_of(Role.ADMIN), address)
    assert policy["default-src"] == policy["script-src"] == policy["style-src"] == ["'self'"]
    assert policy["object-src"] == ["'none'"]
    assert policy["frame-ancestors"] == policy["form-action"] == policy["base-uri"] == ["'self'"]


@pytest.mark.parametrize(
    ("address", "script", "style"),
    [
        ("/api/v1/docs/", ["'self'"], ["'self'", "'unsafe-inline'"]),
        ("/dashboards/portfolio/", ["'self'", DASH_RENDERER], ["'self'", "'unsafe-inline'"]),
        ("/django_plotly_dash/app/portfolio/", ["'self'", DASH_RENDERER], ["'self'", "'unsafe-inline'"]),
    ],
)
def test_exception_is_as_narrow_as_its_page(
    address: str, script: list[str], style: list[str], world: World, client_of: Clients
) -> None:
    policy = policy_of(client_of(Role.ADMIN), address)
    assert (policy["script-src"], policy["style-src"]) == (script, style)


def test_no_page_may_run_inline_or_evaluated_script(world: World, client_of: Clients) -> None:
    client = client_of(Role.ADMIN)
    for address in ("/admin/", "/api/v1/docs/", "/dashboards/portfolio/", "/django_plotly_dash/app/portfolio/"):
        script = " ".join(policy_of(client, address)["script-src"])
        assert "unsafe" not in script


def test_hash_is_that_of_the_only_inline_script_of_a_dashboard(world: World, client_of: Clients) -> None:
    page = client_of(Role.MANAGER).get("/django_plotly_dash/app/portfolio/").content.decode()
    page = re.sub(r"<!--.*?-->", "", page, flags=re.DOTALL)
    inline = [
        body
        for attributes, body in re.findall(r"<script([^>]*)>(.*?)</script>", page, re.DOTALL)
        if "src=" not in attributes and "application/json" not in attributes
    ]
    hashes = [f"'sha256-{base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()}'" for body in inline]
    assert hashes == [DASH_RENDERER]


@pytest.mark.parametrize("address", ["/admin/", "/admin/accounts/user/", "/accounts/login/", "/worklist/"])
def test_page_names_no_other_host_and_no_inline_script(address: str, world: World, client_of: Clients) -> None:
    client = Client() if "login" in address else client_of(Role.ADMIN)
    page = client.get(address).content.decode()
    assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', page)
    assert not re.findall(r"<script(?![^>]*(?:src=|application/json))[^>]*>", page)
    assert not re.findall(r"\son\w+=\"", page)


def test_answers_carry_the_other_headers_of_safety(client: Client) -> None:
    headers = client.get("/healthz").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "SAMEORIGIN"
    assert headers["Referrer-Policy"] == "same-origin"
