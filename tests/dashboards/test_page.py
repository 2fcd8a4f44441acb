"""The portfolio page and its Dash app: who gets in, what it answers, what it asks of others."""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from borrowers.models import Delinquency, Loan
from creditpath.accounts.models import Role, Team

PAGE = "/dashboards/portfolio/"
DASH = "/django_plotly_dash/app/portfolio/"
CALLBACK = f"{DASH}_dash-update-component"
MANAGING = [Role.ADMIN, Role.MANAGER, Role.COMPLIANCE, Role.DATA_SCIENTIST, Role.ANALYST]
OTHERS = [Role.AGENT, Role.INTEGRATION]
ClientOf = Callable[[Role], Client]


def _question(search: Any = "") -> dict[str, Any]:
    return {
        "output": "charts.children",
        "outputs": {"id": "charts", "property": "children"},
        "inputs": [{"id": "address", "property": "search", "value": search}],
        "changedPropIds": ["address.search"],
        "parsedChangedPropsIds": ["address.search"],
    }


def _ask(client: Client, body: Any) -> Any:
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    return client.post(CALLBACK, text, content_type="application/json")


@pytest.fixture
def lenient(client_of: ClientOf) -> ClientOf:
    """Return clients that answer 500 instead of raising."""

    def log_in(role: Role) -> Client:
        client = client_of(role)
        client.raise_request_exception = False
        return client

    return log_in


# --- who gets in ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("role", MANAGING)
def test_those_who_manage_get_the_page_and_the_charts(role: Role, client_of: ClientOf, portfolio: list[Loan]) -> None:
    client = client_of(role)
    assert client.get(PAGE).status_code == 200
    answer = _ask(client, _question())
    assert answer.status_code == 200
    assert "PAR30" in answer.content.decode()


@pytest.mark.parametrize("role", OTHERS)
@pytest.mark.parametrize("address", [PAGE, DASH, f"{DASH}_dash-layout", f"{DASH}_dash-dependencies"])
def test_others_are_refused_page_layout_and_dependencies(
    role: Role, address: str, client_of: ClientOf, frozen_day: date
) -> None:
    assert client_of(role).get(address).status_code == 403


@pytest.mark.parametrize("role", OTHERS)
def test_others_are_refused_the_callback(role: Role, client_of: ClientOf, frozen_day: date) -> None:
    answer = _ask(client_of(role), _question())
    assert answer.status_code == 403
    assert "PAR30" not in answer.content.decode()


@pytest.mark.parametrize("address", [DASH, f"{DASH}_dash-layout", f"{DASH}_dash-dependencies", PAGE])
def test_anonymous_sees_nothing(address: str, client: Client, frozen_day: date) -> None:
    assert client.get(address).status_code in {302, 401}


def test_callback_is_closed_to_the_anonymous(client: Client, frozen_day: date) -> None:
    for body in (_question(), "{", "{}", ""):
        assert _ask(client, body).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "null",
        "[]",
        "{}",
        '"x"',
        "[" * 50_000,
        b"\xff\xfe",
        {"output": "charts.children"},
        _question() | {"output": "other.children"},
        _question() | {"output": ""},
        _question() | {"output": None},
        _question() | {"inputs": None},
        _question() | {"inputs": ["x"]},
        _question() | {"inputs": [{}]},
        _question() | {"inputs": [None]},
        _question() | {"inputs": [{"id": "address", "property": "search"}], "state": 5},
        _question() | {"inputs": []},
        _question() | {"changedPropIds": 7},
        _question() | {"outputs": 7},
    ],
)
def test_malformed_callback_is_answered_400(body: Any, lenient: ClientOf, frozen_day: date) -> None:
    assert _ask(lenient(Role.MANAGER), body).status_code == 400


@pytest.mark.parametrize(
    "search",
    [
        None,
        7,
        [],
        {},
        "?",
        "nonsense",
        "?currency=XXX&product=abc&team=-1",
        "?product=\x00",
        "?product=" + "9" * 400,
        "?%ff",
    ],
)
def test_callback_takes_no_filter_on_trust(search: Any, lenient: ClientOf, frozen_day: date) -> None:
    answer = _ask(lenient(Role.MANAGER), _question(search))
    assert answer.status_code == 200


def test_arguments_of_another_session_are_not_found(lenient: ClientOf, frozen_day: date) -> None:
    for rest in ("", "_dash-layout"):
        assert lenient(Role.MANAGER).get(f"{DASH}initial/guessed/{rest}").status_code == 404


def test_dashboard_that_is_not_named_in_the_matrix_is_not_found(lenient: ClientOf, frozen_day: date) -> None:
    for address in ("/django_plotly_dash/app/other/", "/django_plotly_dash/instance/portfolio/"):
        assert lenient(Role.ADMIN).get(address).status_code == 404


# --- what the page says -----------------------------------------------------------------------------------------------------
def test_page_says_how_things_stand_in_one_sentence(client_of: ClientOf, portfolio: list[Loan]) -> None:
    text = client_of(Role.MANAGER).get(PAGE).content.decode()
    owing = Delinquency.objects.exclude(bucket__in=["paid_off", "written_off"])
    assert f"<b>{owing.in_arrears().count()} of {owing.count()} loans are late.</b>" in text
    assert "more than 30 days late" in text


def test_address_holds_the_filters_and_page_and_charts_follow_it(client_of: ClientOf, portfolio: list[Loan]) -> None:
    client = client_of(Role.MANAGER)
    team = Team.objects.get(name="South")
    page = client.get(f"{PAGE}?currency=NGN&team={team.pk}").content.decode()
    assert "Buckets, NGN" in page
    assert "Buckets, USD" not in page
    answer = _ask(client, _question(f"?currency=NGN&team={team.pk}")).json()
    drawn = json.dumps(answer, ensure_ascii=False)
    n_current = Delinquency.objects.filter(bucket="current", loan__currency="NGN", loan__borrower__team=team).count()
    assert f"· {n_current} loan" in drawn
    assert "in USD" not in drawn


def test_filter_that_makes_no_sense_is_said_and_not_guessed(client_of: ClientOf, portfolio: list[Loan]) -> None:
    page = client_of(Role.MANAGER).get(f"{PAGE}?currency=XXX")
    assert page.status_code == 200
    assert "Select a valid choice" in page.content.decode()


def test_every_bucket_leads_to_a_list_of_as_many_loans(client_of: ClientOf, portfolio: list[Loan]) -> None:
    client = client_of(Role.MANAGER)
    text = client.get(PAGE).content.decode()
    rows = re.findall(
        r'<a href="(/admin/borrowers/loan/\?[^"]*bucket=(?!written)[^"]*)">[^<]+</a></th><td class="num">([\d,]+)</td>',
        text,
    )
    assert len(rows) >= 8
    for address, count in rows:
        listed = client.get(address.replace("&amp;", "&"))
        assert listed.context["cl"].result_count == int(count.replace(",", "")), address


@pytest.mark.parametrize("role", [Role.ANALYST, Role.DATA_SCIENTIST])
def test_those_who_may_not_see_loans_get_no_links_to_them(
    role: Role, client_of: ClientOf, portfolio: list[Loan]
) -> None:
    client = client_of(role)
    assert "/admin/borrowers/loan/" not in client.get(PAGE).content.decode()
    assert "/admin/borrowers/loan/" not in _ask(client, _question()).content.decode()


def test_empty_books_say_what_to_do(client_of: ClientOf) -> None:
    text = client_of(Role.MANAGER).get(PAGE).content.decode()
    assert "import a portfolio or simulate one first" in text


def test_page_takes_a_fixed_number_of_queries(
    client_of: ClientOf, portfolio: list[Loan], django_assert_max_num_queries: Any
) -> None:
    client = client_of(Role.MANAGER)
    client.get(PAGE)
    with django_assert_max_num_queries(16):
        client.get(PAGE)


# --- what it asks of others ---------------------------------------------------------------------------------------------------
def test_page_names_no_other_host_and_runs_one_inline_script_whose_hash_the_policy_allows(
    client_of: ClientOf, portfolio: list[Loan]
) -> None:
    answer = client_of(Role.MANAGER).get(PAGE)
    text = answer.content.decode()
    for address in re.findall(r'(?:src|href)="([^"]+)"', text):
        assert address.startswith(("/", "#", "?")), address
    policy = answer.headers["Content-Security-Policy"]
    scripts = re.findall(r"<script(?![^>]*\bsrc=)([^>]*)>(.*?)</script>", text, re.DOTALL)
    inline = [body for kind, body in scripts if "application/json" not in kind and body.strip()]
    assert inline == ["var renderer = new DashRenderer();"]
    digest = base64.b64encode(hashlib.sha256(inline[0].encode()).digest()).decode()
    assert f"'sha256-{digest}'" in policy
    assert "'unsafe-eval'" not in policy
    assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]
