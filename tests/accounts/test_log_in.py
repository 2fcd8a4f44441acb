"""The log-in page, the lock-out, sessions."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from creditpath.accounts.models import Role, User
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"


def log_in(client: Client, user: User, password: str = PASSWORD, **more: str) -> int:
    return client.post(LOGIN, {"username": user.username, "password": password, **more}).status_code


def test_anonymous_visitor_is_sent_to_the_log_in_and_back(client: Client) -> None:
    answer = client.get("/worklist/?page=2")
    assert answer.headers["Location"] == "/accounts/login/?next=/worklist/%3Fpage%3D2"
    user = make_user(Role.COMPLIANCE)
    answer = client.post(LOGIN, {"username": user.username, "password": PASSWORD, "next": "/worklist/?page=2"})
    assert answer.headers["Location"] == "/worklist/?page=2"


def test_log_in_leads_to_no_other_site(client: Client) -> None:
    user = make_user()
    answer = client.post(LOGIN, {"username": user.username, "password": PASSWORD, "next": "https://example.org/"})
    assert answer.headers["Location"] == "/"


def test_admin_has_no_log_in_of_its_own(client: Client) -> None:
    for address in ("/admin/", "/admin/login/"):
        assert client.get(address).headers["Location"].startswith("/accounts/login/?next=/admin/")


def test_five_wrong_passwords_lock_the_name_and_the_page_says_for_how_long(client: Client) -> None:
    user = make_user()
    statuses = [log_in(client, user, "wrong") for _ in range(6)]
    assert statuses[:4] == [200] * 4
    assert statuses[-1] == 429
    answer = client.post(LOGIN, {"username": user.username, "password": PASSWORD})
    assert answer.status_code == 429
    assert b"Try again in 15 minutes" in answer.content
    assert answer.headers["Retry-After"] == "900"


def test_lock_of_one_name_leaves_others_alone_and_ends(client: Client) -> None:
    user, other = make_user(), make_user()
    for _ in range(6):
        log_in(client, user, "wrong")
    assert log_in(Client(), other) == 302
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert log_in(Client(), user) == 302


def test_log_in_gives_a_new_session(client: Client) -> None:
    user = make_user()
    client.get(LOGIN)
    session = client.session
    session["planted"] = True
    session.save()
    before = session.session_key
    client.cookies["sessionid"] = before
    assert log_in(client, user) == 302
    assert client.session.session_key != before


def test_user_who_is_switched_off_is_out_at_the_next_request(
    client_of: Callable[[Role], Client], people: dict[Role, User]
) -> None:
    client = client_of(Role.ADMIN)
    assert client.get("/admin/").status_code == 200
    User.objects.filter(pk=people[Role.ADMIN].pk).update(is_active=False)
    assert client.get("/admin/").status_code == 302
    assert client.get("/api/v1/models/").status_code == 401


def test_log_out_is_by_post_only_and_ends_the_session(client_of: Callable[[Role], Client]) -> None:
    client = client_of(Role.ADMIN)
    assert client.get("/accounts/logout/").status_code == 405
    assert client.post("/accounts/logout/").headers["Location"] == LOGIN
    assert client.get("/admin/").status_code == 302


def test_forms_need_their_csrf_token(people: dict[Role, User]) -> None:
    client = Client(enforce_csrf_checks=True)
    assert log_in(client, people[Role.ADMIN]) == 403
    client.force_login(people[Role.ADMIN], backend="creditpath.accounts.backends.RoleBackend")
    for address in ("/accounts/logout/", "/admin/accounts/team/add/", "/api/v1/auth/logout/"):
        assert client.post(address, {"name": "x"}).status_code in {401, 403}
