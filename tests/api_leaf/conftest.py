from collections.abc import Callable

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from creditpath import access
from creditpath.accounts.models import Role, User
from tests.factories import make_user


@pytest.fixture(autouse=True)
def teams_api(settings: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    """Serve the API of tests.api_leaf.urls, open to administrators and integrations, with throttles at zero."""
    settings.ROOT_URLCONF = "tests.api_leaf.urls"  # type: ignore[attr-defined]
    for line in ("api:leaf-list", "api:leaf-detail", "POST api:leaf-list", "POST api:leaf-fill"):
        monkeypatch.setitem(access.ROUTES, line, frozenset({Role.ADMIN, Role.INTEGRATION}))
    cache.clear()


@pytest.fixture
def api_of() -> Callable[[User], APIClient]:
    def make(user: User) -> APIClient:
        client = APIClient(raise_request_exception=False)
        client.force_authenticate(user)
        return client

    return make


@pytest.fixture
def api(api_of: Callable[[User], APIClient]) -> APIClient:
    return api_of(make_user(Role.INTEGRATION))
