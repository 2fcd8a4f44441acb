"""What the pages show, to whom, and at which cost."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from borrowers.models import Borrower, ContactEvent, ContactPoint, Loan, Payment, Promise
from borrowers.services import refresh_delinquency
from creditpath.accounts.models import Role, Team, User
from recovery.models import WorklistItem
from recovery.services import plan_worklists, recommend_actions
from tests.factories import make_borrower, make_contact, make_loan, make_payment, make_promise

DAY = date(2026, 6, 30)
QUERY_BUDGET = 26
HOSTILE = """"><script>alert('x')</script><img src=x onerror=alert(1)>{{ 7 }}"""

pytestmark = pytest.mark.django_db
ClientOf = Callable[[str], Client]


@pytest.fixture
def day(frozen_day: date) -> date:
    return frozen_day


def make_case(team: Team | None, *, days: int = 40, amount: int = 500, loans: int = 1, **fields: object) -> Borrower:
    borrower = make_borrower(team=team, **fields)
    for _ in range(loans):
        make_loan(
            borrower=borrower,
            instalments=[(DAY - timedelta(days=days), amount), (DAY + timedelta(days=20), amount)],
        )
    return borrower


def prepare() -> None:
    refresh_delinquency(as_of=DAY)
    recommend_actions(as_of=DAY)
    plan_worklists(as_of=DAY)


def page_of(borrower: Borrower) -> str:
    return reverse("recovery:borrower", args=[borrower.pk])


def key_in(client: Client, borrower: Borrower, form: str = "follow_up") -> str:
    return client.get(page_of(borrower)).context[form]["key"].value()


def count_queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


# --- who sees what ----------------------------------------------------------------------------------------------------
def test_agents_see_their_own_list_in_order(day: date, team: Team, client_of: ClientOf) -> None:
    small, large = make_case(team, amount=200), make_case(team, amount=900)
    client = client_of("agent")
    prepare()
    rows = client.get(reverse("recovery:worklist")).context["shown"].rows
    assert [row.recommendation.borrower for row in rows] == [large, small]


def test_managers_see_all_teams_and_who_has_what(day: date, team: Team, other_team: Team, client_of: ClientOf) -> None:
    make_case(team)
    make_case(other_team)
    client = client_of("manager")
    prepare()
    page = client.get(reverse("recovery:worklist"))
    assert [bool(getattr(row.recommendation, "worklist_item", None)) for row in page.context["shown"].rows].count(
        True
    ) == 1
    assert "nobody" in page.content.decode()


@pytest.mark.parametrize("verb", ["borrower", "record-action"])
def test_a_borrower_of_another_team_is_not_found(verb: str, day: date, other_team: Team, client_of: ClientOf) -> None:
    borrower = make_case(other_team)
    refresh_delinquency(as_of=DAY)
    address = reverse(f"recovery:{verb}", args=[borrower.pk])
    client = client_of("agent")
    answer = client.get(address) if verb == "borrower" else client.post(address, {"channel": "call", "outcome": "sent"})
    assert answer.status_code == 404
    assert not ContactEvent.objects.exists()


@pytest.mark.parametrize(
    ("role", "may_see", "may_act", "may_enter_payments"),
    [
        ("agent", True, True, False),
        ("manager", True, True, True),
        ("admin", True, True, True),
        ("compliance", True, False, False),
        ("analyst", False, False, False),
        ("data_scientist", False, False, False),
        ("integration", False, False, False),
    ],
)
def test_each_role_finds_the_forms_that_it_may_use(
    role: str, may_see: bool, may_act: bool, may_enter_payments: bool, day: date, team: Team, client_of: ClientOf
) -> None:
    borrower = make_case(team)
    refresh_delinquency(as_of=DAY)
    page = client_of(role).get(page_of(borrower))
    assert page.status_code == (200 if may_see else 403)
    html = page.content.decode()
    assert ("Record a follow-up" in html) is may_act
    assert ("Enter a payment" in html) is may_enter_payments


@pytest.mark.parametrize("role", list(Role.values))
def test_every_role_has_a_home_within_budget(role: str, day: date, team: Team, client_of: ClientOf) -> None:
    make_case(team)
    client = client_of(role)
    prepare()
    assert count_queries(client, reverse("home")) <= QUERY_BUDGET


def test_home_of_empty_books_says_how_to_fill_them(client_of: ClientOf) -> None:
    for role in ("agent", "manager", "admin"):
        assert "The books are empty" in client_of(role).get(reverse("home")).content.decode()
    assert "import a portfolio" in client_of("agent").get(reverse("recovery:worklist")).content.decode()


def test_the_anonymous_are_sent_to_the_log_in(day: date) -> None:
    assert Client().get(reverse("recovery:worklist")).url == "/accounts/login/?next=/worklist/"


# --- the list ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("", ["Ada Stone", "Bo Reed", "Cy Wood"]),
        ("bucket=31-60", ["Ada Stone"]),
        ("bucket=61-90", ["Bo Reed"]),
        ("action=plan", ["Bo Reed"]),
        ("action=sms", ["Cy Wood"]),
        ("tier=none", ["Ada Stone", "Bo Reed", "Cy Wood"]),
        ("tier=high", []),
        ("q=reed", ["Bo Reed"]),
        ("q=K-77", ["Cy Wood"]),
        ("q=nobody", []),
        ("queue=broken", []),
        ("queue=done", []),
        ("bucket=nonsense&page=x", ["Ada Stone", "Bo Reed", "Cy Wood"]),
    ],
)
def test_filters_in_the_address_narrow_the_list(
    asked: str, names: list[str], day: date, team: Team, client_of: ClientOf
) -> None:
    make_case(team, full_name="Ada Stone", days=40)
    make_case(team, full_name="Bo Reed", days=70)
    make_case(team, full_name="Cy Wood", days=5, external_id="K-77")
    client = client_of("agent")
    prepare()
    page = client.get(f"{reverse('recovery:worklist')}?{asked}")
    assert page.status_code == 200
    assert sorted(str(row.recommendation.borrower) for row in page.context["shown"].rows) == names


def test_search_finds_borrowers_of_the_team_who_are_not_on_the_list(
    day: date, team: Team, other_team: Team, client_of: ClientOf
) -> None:
    quiet = make_borrower(full_name="Zoe Quiet", team=team)
    make_borrower(full_name="Zoe Elsewhere", team=other_team)
    shown = client_of("agent").get(reverse("recovery:worklist"), {"q": "zoe"}).context["shown"]
    assert shown.elsewhere == (quiet,)


def test_pages_cost_the_same_for_few_rows_and_many(day: date, team: Team, client_of: ClientOf) -> None:
    first = make_case(team, loans=1)
    clients = [client_of("agent"), client_of("manager")]
    prepare()
    few = [
        count_queries(client, address)
        for client in clients
        for address in (reverse("recovery:worklist"), page_of(first))
    ]
    for number in range(12):
        many = make_case(team, loans=4)
        for loan in many.loans.all():
            make_payment(loan, DAY - timedelta(days=number + 1), 10)
            event = make_contact(many, DAY - timedelta(days=number + 1), outcome="promise", loan=loan)
            make_promise(loan, made_on=DAY - timedelta(days=3), due_on=DAY, amount=50, contact_event=event)
    prepare()
    more = [
        count_queries(client, address)
        for client in clients
        for address in (reverse("recovery:worklist"), page_of(many))
    ]
    assert all(later <= earlier for later, earlier in zip(more, few, strict=True)), (few, more)
    assert max(few) <= QUERY_BUDGET


def test_pages_leave_the_bytes_and_curves_of_models_where_they_are(day: date, team: Team, client_of: ClientOf) -> None:
    case = make_case(team)
    prepare()
    for role, addresses in {
        "agent": ("home", "recovery:worklist"),
        "manager": ("home", "recovery:worklist", "scoring:models", "admin:scoring_score_changelist"),
    }.items():
        client = client_of(role)
        for address in (*map(reverse, addresses), page_of(case)):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            assert not [query["sql"] for query in queries if '"onnx"' in query["sql"] or '"curves"' in query["sql"]], (
                address
            )


# --- one borrower -----------------------------------------------------------------------------------------------------
def test_a_follow_up_is_recorded_and_the_next_case_opens(
    day: date, team: Team, client_of: ClientOf, people: dict[Role, User]
) -> None:
    first, second = make_case(team, amount=900), make_case(team, amount=200)
    client = client_of("agent")
    prepare()
    answer = client.post(
        reverse("recovery:record-action", args=[first.pk]),
        {
            "key": key_in(client, first), "channel": "call", "outcome": "promise", "promise_amount": "300",
            "promise_due_on": "2026-07-05", "note": "after pay day", "then": "next",
        },
    )  # fmt: skip
    assert answer.url == page_of(second)
    event = ContactEvent.objects.get()
    assert (event.agent, event.note) == (people[Role.AGENT], "after pay day")
    assert Promise.objects.get().amount == Decimal(300)
    assert WorklistItem.objects.get(recommendation__borrower=first).done_at is not None
    page = client_of("manager").get(page_of(first)).content.decode()
    assert "Promise for 5 Jul 2026" in page
    assert "after pay day" in page


def test_the_same_form_sent_twice_is_recorded_once(day: date, team: Team, client_of: ClientOf) -> None:
    borrower = make_case(team)
    client = client_of("agent")
    prepare()
    form = {"key": key_in(client, borrower), "channel": "call", "outcome": "no_answer"}
    for _ in range(2):
        client.post(reverse("recovery:record-action", args=[borrower.pk]), form)
    assert ContactEvent.objects.count() == 1


def test_a_mistake_is_shown_beside_its_field_and_nothing_typed_is_lost(
    day: date, team: Team, client_of: ClientOf
) -> None:
    borrower = make_case(team)
    client = client_of("agent")
    prepare()
    answer = client.post(
        reverse("recovery:record-action", args=[borrower.pk]),
        {
            "key": "k", "channel": "call", "outcome": "promise", "promise_amount": "99999",
            "promise_due_on": "2026-06-01", "note": "typed text", "then": "next",
        },
    )  # fmt: skip
    html = answer.content.decode()
    for words in ("enter at most USD 1,000.00", "1 Jun 2026 has passed", "typed text", 'aria-invalid="true"', "99999"):
        assert words in html
    assert not ContactEvent.objects.exists()


@pytest.mark.parametrize("value", ["abc", "1e400", "NaN", "１００", "-5", "0.001"])
def test_odd_amounts_are_refused_not_broken(value: str, day: date, team: Team, client_of: ClientOf) -> None:
    borrower = make_case(team)
    client = client_of("agent")
    prepare()
    form = {
        "key": "k",
        "channel": "call",
        "outcome": "promise",
        "promise_amount": value,
        "promise_due_on": "2026-07-05",
    }
    answer = client.post(reverse("recovery:record-action", args=[borrower.pk]), form)
    assert answer.status_code in (200, 302)
    assert all(promise.amount > 0 for promise in Promise.objects.all())


def test_a_payment_is_entered_once(day: date, team: Team, client_of: ClientOf) -> None:
    borrower = make_case(team)
    refresh_delinquency(as_of=DAY)
    client = client_of("manager")
    form = {
        "key": key_in(client, borrower, "payment"), "loan": borrower.loans.get().pk, "amount": "120.50",
        "effective_on": "2026-06-29", "channel": "transfer",
    }  # fmt: skip
    for _ in range(2):
        answer = client.post(reverse("recovery:record-payment", args=[borrower.pk]), form)
        assert answer.url == page_of(borrower)
    assert Payment.objects.get().amount == Decimal("120.50")


def test_a_payment_of_tomorrow_is_refused_beside_its_field(day: date, team: Team, client_of: ClientOf) -> None:
    borrower = make_case(team)
    refresh_delinquency(as_of=DAY)
    form = {"key": "k", "loan": borrower.loans.get().pk, "amount": "1", "effective_on": "2026-07-01", "channel": "cash"}
    answer = client_of("manager").post(reverse("recovery:record-payment", args=[borrower.pk]), form)
    assert "must not be after" in answer.content.decode()


def test_instalments_show_what_is_paid_oldest_first(day: date, team: Team, client_of: ClientOf) -> None:
    borrower = make_borrower(team=team)
    make_loan(
        borrower=borrower,
        instalments=[(DAY - timedelta(days=days), 100) for days in (60, 30)] + [(DAY + timedelta(days=5), 100)],
        payments=[(DAY - timedelta(days=50), 130)],
    )
    refresh_delinquency(as_of=DAY)
    part = client_of("agent").get(page_of(borrower)).context["case"].parts[0]
    assert [(line.state, line.paid_amount) for line in part.lines] == [
        ("paid", Decimal(100)), ("overdue", Decimal(30)), ("to come", Decimal(0)),
    ]  # fmt: skip
    assert part.sentence == "1 of 3 instalments paid, 1 overdue."


def test_without_a_score_the_page_says_that_the_policy_alone_decides(
    day: date, team: Team, client_of: ClientOf
) -> None:
    borrower = make_case(team)
    client = client_of("agent")
    prepare()
    html = client.get(page_of(borrower)).content.decode()
    assert "No model has scored this loan. The policy alone decides." in html


def test_contact_points_are_masked(day: date, team: Team, client_of: ClientOf) -> None:
    borrower = make_case(team)
    ContactPoint.objects.create(borrower=borrower, kind="phone", value="+12125550147")
    ContactPoint.objects.create(borrower=borrower, kind="email", value="ada.stone@example.org")
    refresh_delinquency(as_of=DAY)
    html = client_of("agent").get(page_of(borrower)).content.decode()
    assert "0147" in html
    assert "+1212555" not in html
    assert "ada.stone" not in html


def test_hostile_text_is_shown_as_text(day: date, team: Team, client_of: ClientOf) -> None:
    borrower = make_case(team, full_name=HOSTILE, external_id=f"x{HOSTILE}"[:64])
    Loan.objects.filter(borrower=borrower).update(external_id=f"l{HOSTILE}"[:64])
    make_contact(borrower, DAY, note=HOSTILE)
    client = client_of("agent")
    prepare()
    addresses = ["/", reverse("recovery:worklist"), reverse("recovery:worklist") + "?q=%3Cscript%3E", page_of(borrower)]
    for address in addresses:
        html = client.get(address).content.decode()
        assert "<script>alert" not in html
        assert "<img src=x" not in html
        assert " onerror=alert(1)>" not in html


def test_two_in_a_row_go_back_and_forth(day: date, team: Team, client_of: ClientOf) -> None:
    first, second = make_case(team, amount=900), make_case(team, amount=200)
    client = client_of("agent")
    prepare()
    assert client.get(page_of(first)).context["case"].next_id == second.pk
    assert client.get(page_of(second)).context["case"].previous_id == first.pk
    assert client.post(reverse("recovery:next-case")).url == page_of(first)
    after = WorklistItem.objects.get(recommendation__borrower=first).pk
    assert client.post(reverse("recovery:next-case"), {"after": after}).url == page_of(second)


def test_missing_and_forbidden_pages_say_what_to_do(day: date, client_of: ClientOf) -> None:
    missing = client_of("agent").get("/borrowers/999999/")
    assert (missing.status_code, "There is nothing here" in missing.content.decode()) == (404, True)
    forbidden = client_of("integration").get(reverse("recovery:worklist"))
    assert (forbidden.status_code, "Your role may not open this page" in forbidden.content.decode()) == (403, True)


def test_a_failure_shows_a_page_that_needs_no_database(client_of: ClientOf) -> None:
    from django.test import RequestFactory

    from creditpath.error_pages import server_error

    html = server_error(RequestFactory().get("/")).content.decode()
    assert "Something failed on our side" in html
