"""Every route of the site, as every role and as nobody, does what the matrix says."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, resolve

from creditpath.access import DASHBOARDS, PUBLIC, ROUTES, access_of, anyone_who_may_call, may_call
from creditpath.accounts.models import Role, User
from creditpath.checks import each_route
from tests.contracts.addresses import fill
from tests.contracts.world import World

Clients = Callable[[Role], Client]
# With static files, all that the anonymous get; the last ones ask for a signature.
PUBLIC_ROUTES = {
    "login", "healthz", "api:login", "api:call-events", "api:inbound-messages", "api:payment-events", "recovery:your-page",
}  # fmt: skip

# Routes with the number of a row that agents may call: how to find another team's row, which must then not be there.
FOREIGN_ROWS: dict[str, Callable[[World], int]] = {
    "borrowers:loan": lambda world: world.foreign.loan.pk,
    "recovery:borrower": lambda world: world.foreign.borrower.pk,
    "recovery:record-action": lambda world: world.foreign.borrower.pk,
    "recovery:contacts": lambda world: world.foreign.borrower.pk,
    "recovery:open-care": lambda world: world.foreign.borrower.pk,
    "recovery:plan": lambda world: world.foreign.borrower.pk,
    "recovery:make-plan": lambda world: world.foreign.borrower.pk,
    "recovery:take-plan-step": lambda world: world.foreign.plan.pk,
    "recovery:set-hold": lambda world: world.foreign.borrower.pk,
    "api:contact-permission": lambda world: world.foreign.borrower.pk,
    "api:contact-reservation-detail": lambda world: world.foreign.attempt.pk,
    "api:contact-reservation-release": lambda world: world.foreign.attempt.pk,
    "api:contact-block-detail": lambda world: world.foreign.block.pk,
    "api:hold-detail": lambda world: world.foreign.hold.pk,
    "api:loan-proposal-detail": lambda world: world.foreign.proposal.pk,
    "api:plan-detail": lambda world: world.foreign.plan.pk,
    "api:plan-activate": lambda world: world.foreign.plan.pk,
    "api:plan-cancel": lambda world: world.foreign.plan.pk,
    "recovery:propose": lambda world: world.foreign.loan.pk,
    "recovery:record-grievance": lambda world: world.foreign.borrower.pk,
    "recovery:grievance": lambda world: world.foreign.grievance.pk,
    "api:grievance-detail": lambda world: world.foreign.grievance.pk,
    "recovery:write-message": lambda world: world.foreign.borrower.pk,
    "recovery:inbound-check": lambda world: world.foreign.borrower.pk,
    "recovery:inbound-disclosure": lambda world: world.foreign.borrower.pk,
    "recovery:cancel-message": lambda world: world.foreign.message.pk,
    "recovery:resolve-message": lambda world: world.foreign.message.pk,
    "api:outgoing-message-detail": lambda world: world.foreign.message.pk,
    "api:outgoing-message-cancel": lambda world: world.foreign.message.pk,
    "api:outgoing-message-resolve": lambda world: world.foreign.message.pk,
    "recovery:answer-recommendation": lambda world: world.foreign.borrower.pk,
    "api:borrower-detail": lambda world: world.foreign.borrower.pk,
    "api:loan-detail": lambda world: world.foreign.loan.pk,
    "api:payment-detail": lambda world: world.foreign.payment.pk,
    "api:promise-detail": lambda world: world.foreign.promise.pk,
    "api:action-detail": lambda world: world.foreign.contact.pk,
    "api:score-detail": lambda world: world.foreign.score.pk,
    "api:score-explanation": lambda world: world.foreign.score.pk,
    "api:recommendation-detail": lambda world: world.foreign.recommendation.pk,
    "api:worklist-detail": lambda world: world.foreign.item.pk,
}


def routes() -> Iterator[tuple[str, str, URLPattern]]:
    seen = set()
    for name, address, pattern in each_route():
        if (name, address) not in seen:
            seen.add((name, address))
            yield name, address, pattern


def test_every_route_is_in_the_matrix() -> None:
    unknown = {f"{name} ({address})" for name, address, _ in routes() if anyone_who_may_call(name) is None}
    assert not unknown, "add these to ROUTES in creditpath/access/routes.py"


def test_every_line_of_the_matrix_is_a_route() -> None:
    names = {name for name, _, _ in routes()}
    namespaces = {f"{name.rpartition(':')[0]}:*" for name in names}
    lines = {line.rpartition(" ")[2] for line in ROUTES}
    assert not lines - names - namespaces


def test_every_dashboard_is_behind_a_page_of_the_matrix() -> None:
    assert set(DASHBOARDS.values()) <= set(ROUTES)


def test_only_these_routes_are_open_to_the_anonymous() -> None:
    assert {name for name, _, _ in routes() if anyone_who_may_call(name) is PUBLIC} == PUBLIC_ROUTES


def call(client: Client, method: str, address: str) -> Any:
    if method == "POST" and (address.startswith("/api/") or "/_dash-" in address):
        return client.post(address, data="{}", content_type="application/json")
    return client.generic(method, address)


def fault_of(client: Client, user: User | None, method: str, name: str, address: str) -> str | None:
    """Call a route and return what differs from the matrix, None if nothing does."""
    answer = call(client, method, address)
    if answer.streaming:
        b"".join(answer)  # type: ignore[arg-type]  reading a file to its end closes it
    status = answer.status_code
    where = f"{user.role if user else 'anonymous'} {method} {address} ({name}) -> {status}"
    if status >= 500 and name != "readyz":
        return f"{where}: it fails"
    is_program = (
        (address.startswith("/api/") and name != "api:docs") or "/_dash-" in address or name in {"readyz", "metrics"}
    )
    is_to_log_in = status == 302 and answer.headers["Location"].startswith("/accounts/login/")
    is_to_log_in = is_to_log_in and not (user and name.endswith("logout"))
    access = access_of(name, method)
    if user is None:
        if access is PUBLIC:
            return f"{where}: it should be open" if status == 403 or is_to_log_in else None
        closed = status == 401 if is_program else is_to_log_in
        if name.startswith("api:") and access is None and status == 405:  # the log-in knows no other method
            closed = True
        return None if closed else f"{where}: it should be closed"
    may = access is PUBLIC or bool(access and user.role in access)
    if not may:
        return None if status in {403, 405} else f"{where}: it should be refused"
    if name.startswith("admin:"):  # the door is open; behind it rights on models decide
        return f"{where}: it should be let in" if is_to_log_in else None
    return f"{where}: it should be let in" if status in {401, 403} or is_to_log_in else None


ANONYMOUS = "anonymous"


@pytest.mark.parametrize("who", [ANONYMOUS, *Role])
def test_every_route_does_what_the_matrix_says(
    who: str, world: World, people: dict[Role, User], client_of: Clients, request: pytest.FixtureRequest
) -> None:
    user = None if who == ANONYMOUS else people[Role(who)]
    logging.disable(logging.CRITICAL)  # thousands of refusals, each with its traceback, would cost more than the calls
    request.addfinalizer(lambda: logging.disable(logging.NOTSET))
    client, faults = None, []
    for name, address, pattern in routes():
        filled = fill(address, pattern, pk=world.own.borrower.pk)
        if resolve(filled).view_name != name:
            continue  # an earlier route has this address
        for method in ("GET", "POST"):
            if client is None:
                client = Client() if user is None else client_of(Role(who))
                client.raise_request_exception = False
            fault = fault_of(client, user, method, name, filled)
            faults += [fault] if fault else []
            if name.endswith(("login", "logout")):  # these change the visitor
                client = None
    assert not faults, "\n".join(faults)


def test_guess_of_a_number_is_tried_on_every_route_with_one() -> None:
    """Keep FOREIGN_ROWS complete: a new route that agents may call with the number of a row belongs there."""
    agent = User(role=Role.AGENT, username="a")
    with_number = {
        name
        for name, address, _ in routes()
        if "<int:pk>" in address and any(may_call(agent, name, method) for method in ("GET", "POST"))
    }
    assert with_number == set(FOREIGN_ROWS)


@pytest.mark.parametrize("route", FOREIGN_ROWS)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_agent_who_guesses_a_number_of_another_team_finds_nothing(
    route: str, method: str, world: World, client_of: Clients
) -> None:
    client = client_of(Role.AGENT)
    (address, pattern) = next((address, pattern) for name, address, pattern in routes() if name == route)
    answer = call(client, method, fill(address, pattern, pk=FOREIGN_ROWS[route](world)))
    assert answer.status_code in ({404, 405} if method in {"GET", "POST"} else {403, 404, 405})
    assert world.foreign.borrower.full_name.encode() not in answer.content


@pytest.mark.parametrize("route", [name for name in FOREIGN_ROWS if name.endswith("-detail")])
def test_list_shows_an_agent_own_rows_and_none_of_another_team(route: str, world: World, client_of: Clients) -> None:
    address = "/" + next(a for name, a, _ in routes() if name == route.replace("-detail", "-list"))
    everything = client_of(Role.ADMIN).get(address).json()["results"]
    own = client_of(Role.AGENT).get(address).json()["results"]
    assert FOREIGN_ROWS[route](world) in {row["id"] for row in everything}
    assert FOREIGN_ROWS[route](world) not in {row["id"] for row in own}
    assert own


def test_agent_without_a_team_sees_nobody(world: World, people: dict[Role, User], client_of: Clients) -> None:
    User.objects.filter(pk=people[Role.AGENT].pk).update(team=None)
    client = client_of(Role.AGENT)
    assert client.get("/api/v1/borrowers/").json()["results"] == []
    assert client.get(f"/borrowers/{world.own.borrower.pk}/").status_code == 404


def test_route_that_nobody_wrote_into_the_matrix_is_closed(settings: Any, client_of: Clients) -> None:
    settings.ROOT_URLCONF = "tests.api_leaf.urls"
    assert client_of(Role.ADMIN).get("/forgotten/").status_code == 403
    assert client_of(Role.ADMIN).get("/api/v1/forgotten/").json()["code"] == "permission_denied"
    assert Client().get("/forgotten/").status_code == 302
    assert Client().get("/api/v1/teams/").status_code == 401
