"""Whatever goes wrong, the answer is {"code", "detail", "fields"}."""

import json

import pytest
from django.db import OperationalError
from rest_framework.test import APIClient

from creditpath.accounts.models import Team
from tests.api_leaf import urls


def test_wrong_input_names_the_field(api: APIClient) -> None:
    answer = api.post("/api/v1/leaf/", {"name": ""})
    assert answer.status_code == 400
    assert answer.json() == {
        "code": "invalid",
        "detail": "name: This field may not be blank.",
        "fields": {"name": ["This field may not be blank."]},
    }


def test_domain_error_keeps_its_code(api: APIClient) -> None:
    answer = api.post("/api/v1/leaf/fill/", {"name": "A", "break": True})
    assert answer.status_code == 400
    assert answer.json() == {
        "code": "team_is_full",
        "detail": "The team has no room left.",
        "fields": {"name": ["full"]},
    }


def test_broken_constraint_is_told_by_its_name(api: APIClient) -> None:
    Team.objects.create(name="North")
    answer = api.post("/api/v1/leaf/", {"name": "North"})
    assert answer.status_code == 409
    assert answer.json()["code"] == "accounts_team_name_key"


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"name": ' + b"9" * 5000 + b"}", "application/json", 400),
        (b'{"name": "a\\u0000b"}', "application/json", 400),
        (b'{"name": "\\ud800"}', "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[1, 2]", "application/json", 400),
        (b"<a/>", "application/xml", 415),
        (b'{"name": "' + b"a" * 11 * 1024 * 1024 + b'"}', "application/json", 413),
    ],
    ids=["broken", "deep", "long number", "nul", "lone surrogate", "not utf-8", "a list", "xml", "11 MB"],
)
def test_hostile_body_is_refused_in_words(api: APIClient, body: bytes, content_type: str, status: int) -> None:
    answer = api.generic("POST", "/api/v1/leaf/", body, content_type=content_type)
    assert answer.status_code == status
    assert set(answer.json()) == {"code", "detail", "fields"}


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/api/v1/leaf/?name=%00", 400),
        ("/api/v1/leaf/?cursor=%00", 400),
        ("/api/v1/leaf/?cursor=nonsense", 400),
        ("/api/v1/leaf/?cursor=cD1hYmM=", 400),  # p=abc
        ("/api/v1/leaf/?cursor=cD05OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5", 400),  # p=999…
        ("/api/v1/leaf/99999999999999999999999999/", 404),
        ("/api/v1/leaf/abc/", 404),
        ("/api/v1/nowhere/", 404),
    ],
)
def test_hostile_address_is_refused_in_words(api: APIClient, address: str, status: int) -> None:
    answer = api.get(address)
    assert answer.status_code == status
    assert set(answer.json()) == {"code", "detail", "fields"}


def test_wrong_method_is_405(api: APIClient) -> None:
    answer = api.delete("/api/v1/leaf/")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


def test_database_that_is_away_is_503_with_a_time_to_wait(api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(urls.TeamViewSet, "list", away)
    answer = api.get("/api/v1/leaf/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_fault_of_ours_is_500_in_the_same_shape_and_tells_nothing(
    api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(urls.TeamViewSet, "list", broken)
    answer = api.get("/api/v1/leaf/")
    assert answer.status_code == 500
    assert answer.json()["code"] == "server_error"
    assert "secret" not in json.dumps(answer.json())
