"""Tokens: got with a password, gone with a log-out, an expiry or a switched-off user."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from rest_framework.test import APIClient

from creditpath.accounts.models import Role, User
from tests.factories import PASSWORD, make_user

LOGIN = "/api/v1/auth/login/"


@pytest.fixture
def user(db: None) -> User:
    return make_user(Role.INTEGRATION)


def log_in(user: User, password: str = PASSWORD) -> Any:
    return APIClient().post(LOGIN, {"username": user.username, "password": password})


def with_token(token: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    return client


def test_password_gives_a_token_that_opens_the_api(user: User) -> None:
    answer = log_in(user)
    assert answer.status_code == 200
    assert answer.json()["role"] == "integration"
    assert with_token(answer.json()["token"]).get("/api/v1/leaf/").status_code == 200


def test_without_a_token_or_with_a_wrong_one_the_api_is_closed() -> None:
    for client in (APIClient(), with_token("0" * 64), with_token("é"), with_token("a b")):
        answer = client.get("/api/v1/leaf/")
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Token"
        assert set(answer.json()) == {"code", "detail", "fields"}


def test_log_out_revokes_the_token(user: User) -> None:
    client = with_token(log_in(user).json()["token"])
    assert client.post("/api/v1/auth/logout/").status_code == 204
    assert client.get("/api/v1/leaf/").status_code == 401


def test_token_expires(user: User) -> None:
    client = with_token(log_in(user).json()["token"])
    with time_machine.travel(timezone.now() + timedelta(hours=12, minutes=1)):
        assert client.get("/api/v1/leaf/").status_code == 401


def test_user_who_is_switched_off_is_out_at_the_next_request(user: User) -> None:
    client = with_token(log_in(user).json()["token"])
    user.is_active = False
    user.save()
    assert client.get("/api/v1/leaf/").status_code == 401
    assert log_in(user).status_code == 401


def test_token_is_stored_as_a_hash_only(user: User) -> None:
    token = log_in(user).json()["token"]
    held = user.auth_token_set.get()
    assert token not in (held.digest, held.token_key)


def test_unknown_name_and_wrong_password_get_the_same_answer(user: User) -> None:
    wrong = log_in(user, "wrong")
    unknown = APIClient().post(LOGIN, {"username": "nobody", "password": "wrong"})
    assert (wrong.status_code, wrong.content) == (unknown.status_code, unknown.content)
    assert wrong.status_code == 401


def test_five_wrong_passwords_lock_the_log_in_and_say_for_how_long(user: User) -> None:
    answers = [log_in(user, "wrong") for _ in range(6)]
    assert [answer.status_code for answer in answers][:4] == [401] * 4
    assert answers[-1].status_code == 429
    assert answers[-1].json()["code"] == "locked_out"
    assert answers[-1].headers["Retry-After"] == "900"
    assert log_in(user).status_code == 429


def test_log_in_is_throttled_by_address(user: User) -> None:
    statuses = [
        APIClient().post(LOGIN, {"username": f"guess{number}", "password": "x"}).status_code for number in range(11)
    ]
    assert statuses == [401] * 10 + [429]


def test_nul_in_a_user_name_is_400() -> None:
    assert APIClient().post(LOGIN, {"username": "a\x00", "password": "x"}).status_code == 400
