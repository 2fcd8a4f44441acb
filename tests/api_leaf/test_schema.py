"""The description of the API, and its page, which loads nothing from elsewhere."""

import re
from collections.abc import Callable

from django.test import Client

from creditpath.accounts.models import Role


def test_page_of_the_api_is_for_people_who_are_logged_in(client: Client) -> None:
    answer = client.get("/api/v1/docs/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/accounts/login/?next=/api/v1/docs/")


def test_page_of_the_api_loads_nothing_from_elsewhere(client_of: Callable[[Role], Client]) -> None:
    client = client_of(Role.INTEGRATION)
    page = client.get("/api/v1/docs/").content.decode()
    script = client.get("/api/v1/docs/?script=").content.decode()
    sources = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert sources
    assert all(source.startswith("/") for source in sources)
    assert "<script>" not in page
    assert not re.search(r"https?://(?!localhost|testserver)[a-z]", script)


def test_schema_says_how_to_log_in(client_of: Callable[[Role], Client]) -> None:
    schema = client_of(Role.INTEGRATION).get("/api/v1/schema/?format=json").json()
    login = schema["paths"]["/api/v1/auth/login/"]["post"]
    assert {"200", "401", "429"} <= set(login["responses"])
    assert "security" not in login or login["security"] == [{}]
