"""A POST repeated under its key is answered alike, and done once."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from rest_framework.test import APIClient

from creditpath.accounts.models import Role, Team, User
from creditpath.idempotency.models import GivenAnswer
from tests.factories import make_user

ApiOf = Callable[[User], APIClient]


def post(api: APIClient, key: str, name: str = "North", path: str = "/api/v1/leaf/") -> Any:
    return api.post(path, {"name": name}, headers={"Idempotency-Key": key})


def test_same_key_gives_the_same_answer_and_one_row(api: APIClient) -> None:
    first, second = post(api, "k1"), post(api, "k1")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert Team.objects.filter(name="North").count() == 1


def test_action_of_a_viewset_is_repeatable_too(api: APIClient) -> None:
    answers = [post(api, "k1", path="/api/v1/leaf/fill/") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    assert Team.objects.count() == 1


def test_same_key_with_another_body_is_422_and_changes_nothing(api: APIClient) -> None:
    post(api, "k1")
    answer = post(api, "k1", "South")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert Team.objects.count() == 1


def test_same_key_of_another_user_or_path_is_another_request(api: APIClient, api_of: ApiOf) -> None:
    post(api, "k1")
    other = post(api_of(make_user(Role.ADMIN)), "k1", "South")
    elsewhere = post(api, "k1", "East", path="/api/v1/leaf/fill/")
    assert [answer.headers.get("Idempotency-Replayed") for answer in (other, elsewhere)] == [None, None]
    assert Team.objects.count() == 3


def test_refused_request_leaves_its_key_free(api: APIClient) -> None:
    assert post(api, "k1", "").status_code == 400
    assert post(api, "k1", "North").status_code == 201


def test_error_after_writing_leaves_neither_row_nor_key(api: APIClient) -> None:
    body = {"name": "North", "break": True}
    assert api.post("/api/v1/leaf/fill/", body, headers={"Idempotency-Key": "k1"}).status_code == 400
    assert (Team.objects.count(), GivenAnswer.objects.count()) == (0, 0)


@pytest.mark.parametrize("key", ["", " ", "a" * 201, "a" * 1000, "a\x07b", "a\x1b[31m", "é"])
def test_bad_key_is_400_and_names_the_limit(api: APIClient, key: str) -> None:
    answer = post(api, key)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_idempotency_key")
    assert "200" in answer.json()["detail"]
    assert Team.objects.count() == 0


def test_without_a_key_a_request_is_done_each_time(api: APIClient) -> None:
    for name in ("North", "South"):
        assert api.post("/api/v1/leaf/", {"name": name}).status_code == 201
    assert GivenAnswer.objects.count() == 0


def test_form_with_a_file_is_known_again_by_its_parts(api: APIClient) -> None:
    def send(content: bytes) -> Any:
        body = {"name": "North", "file": SimpleUploadedFile("a.csv", content)}
        return api.post("/api/v1/leaf/", body, format="multipart", headers={"Idempotency-Key": "k1"})

    assert [send(b"1").status_code, send(b"1").status_code, send(b"2").status_code] == [201, 201, 422]


def race(users: list[User], api_of: ApiOf, key: str, name: Callable[[int], str]) -> list[Any]:
    """Send one request per user at the same moment, each from a thread of its own."""
    barrier = threading.Barrier(len(users))
    answers: list[Any] = []

    def send(number: int) -> None:
        try:
            api = api_of(users[number])
            barrier.wait()
            answers.append(post(api, key, name(number)))
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=(number,)) for number in range(len(users))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_with_one_key_make_one_row(api_of: ApiOf) -> None:
    user = make_user(Role.INTEGRATION)
    answers = race([user] * 50, api_of, "k1", lambda _: "slow")
    assert Team.objects.count() == 1
    statuses = Counter(answer.status_code for answer in answers)
    assert set(statuses) <= {201, 409}
    fresh = [answer for answer in answers if answer.status_code == 201 and "Idempotency-Replayed" not in answer.headers]
    assert len(fresh) == 1
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"idempotency_key_in_flight"}
    assert post(api_of(user), "k1", "slow").headers["Idempotency-Replayed"] == "true"


@pytest.mark.django_db(transaction=True)
def test_one_key_of_several_users_at_once_makes_a_row_for_each(api_of: ApiOf) -> None:
    users = [make_user(Role.INTEGRATION) for _ in range(8)]
    answers = race(users, api_of, "k1", lambda number: f"Team {number}")
    assert [answer.status_code for answer in answers] == [201] * 8
    assert len({answer.json()["id"] for answer in answers}) == 8
