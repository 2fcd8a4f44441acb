"""The admin over all models: every list, search, filter and form opens; what is append-only stays as it is."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from borrowers.models import Borrower, Delinquency, Instalment, Loan, Payment
from borrowers.services import refresh_delinquency
from creditpath.accounts.models import Role, Team, User
from creditpath.admin_lists import LargeTablePaginator
from recovery.models import Policy, PolicyRule, Recommendation, WorklistItem
from recovery.services import draft_policy, ensure_default_policy
from scoring.engine.services import score_loans
from scoring.models import ModelVersion, PromotionProposal, Score
from tests.factories import make_borrower, make_contact, make_loan, make_promise
from tests.models import promote_logistic, register_logistic

ClientOf = Callable[[Role], Client]
OUR_APPS = {"borrowers", "scoring", "recovery", "accounts", "jobs"}
OUR_MODELS = sorted(
    (model for model in admin.site._registry if model._meta.app_label in OUR_APPS), key=lambda model: model._meta.label
)
# Lists of these are searched and filtered by what people type; the ledger and the logs among them are never written by hand.
NEVER_WRITTEN = [
    "borrowers.businessdate", "borrowers.contactevent", "borrowers.delinquency", "borrowers.importrun", "borrowers.instalment",
    "borrowers.loan", "borrowers.monthendsnapshot", "borrowers.promise", "borrowers.scheduleversion", "recovery.policyrule",
    "recovery.contactblock", "recovery.contactreservation",
    "recovery.recommendation", "recovery.worklistitem", "scoring.deployment", "scoring.featurevector", "scoring.modelversion",
    "scoring.score", "scoring.scoringrun", "scoring.staleloan",
]  # fmt: skip


def _address(model: Any, page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.fixture
def books(frozen_day: date, team: Team, people: dict[Role, User]) -> list[Loan]:
    """A few rows of everything."""
    loans = [
        make_loan(
            borrower=make_borrower(team=team, full_name=f"Person {number}"),
            instalments=[(date(2026, 5 + number % 3, 1), 90, 10)],
            payments=[(date(2026, 6, 1), 5)],
            attributes={"employer": "Acme", "nested": {"a": [1, 2]}},
        )
        for number in range(4)
    ]
    refresh_delinquency()
    promote_logistic()
    score_loans()
    ensure_default_policy(as_of=frozen_day)
    for loan in loans:
        event = make_contact(loan.borrower, frozen_day, outcome="promise", agent=people[Role.AGENT], loan=loan)
        make_promise(loan, made_on=frozen_day, due_on=frozen_day, amount=1, contact_event=event)
        advice = Recommendation.objects.create(
            borrower=loan.borrower, loan=loan, as_of=frozen_day, action="call", eligible_actions={"call": 1.0},
            facts={"days": 1}, reasons=["Late."], ask_amount=1, priority=1, expected_minutes=6,
        )  # fmt: skip
        WorklistItem.objects.create(as_of=frozen_day, recommendation=advice, agent=people[Role.AGENT], rank=loan.pk)
    return loans


@pytest.mark.parametrize("model", OUR_MODELS, ids=lambda model: model._meta.label)
def test_list_search_filters_and_form_open(model: Any, client_of: ClientOf, books: list[Loan]) -> None:
    client, model_admin = client_of(Role.ADMIN), admin.site._registry[model]
    answer = client.get(_address(model, "changelist"))
    assert answer.status_code == 200
    searched = client.get(_address(model, "changelist"), {"q": "Person 1"})
    assert searched.status_code == 200
    for spec in answer.context["cl"].filter_specs:
        for choice in spec.choices(answer.context["cl"]):
            assert client.get(_address(model, "changelist") + choice["query_string"]).status_code == 200
    if row := model.objects.first():
        assert client.get(_address(model, "change", row.pk)).status_code == 200
        assert client.get(_address(model, "history", row.pk)).status_code == 200
    request = answer.wsgi_request
    expected = 200 if model_admin.has_add_permission(request) else 403
    assert client.get(_address(model, "add")).status_code == expected


@pytest.mark.parametrize("model", OUR_MODELS, ids=lambda model: model._meta.label)
def test_list_costs_the_same_number_of_queries_however_many_rows(
    model: Any, client_of: ClientOf, books: list[Loan], django_assert_max_num_queries: Any
) -> None:
    client = client_of(Role.ADMIN)
    with django_assert_max_num_queries(16):
        client.get(_address(model, "changelist"))


@pytest.mark.parametrize("label", NEVER_WRITTEN)
@pytest.mark.parametrize("role", [Role.ADMIN, Role.MANAGER])
def test_ledger_and_logs_are_neither_added_to_nor_changed_nor_deleted(
    label: str, role: Role, client_of: ClientOf, books: list[Loan]
) -> None:
    model = next(model for model in OUR_MODELS if model._meta.label_lower == label)
    client, row = client_of(role), model.objects.first()
    assert client.post(_address(model, "add"), {}).status_code == 403
    if row is not None:
        assert client.post(_address(model, "change", row.pk), {}).status_code == 403
        assert client.post(_address(model, "delete", row.pk), {"post": "yes"}).status_code == 403
        body = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
        client.post(_address(model, "changelist"), body)
        assert model.objects.filter(pk=row.pk).exists()


def test_superuser_changes_the_ledger_no_more_than_others(books: list[Loan], people: dict[Role, User]) -> None:
    person = people[Role.ADMIN]
    person.is_superuser = True
    person.save()
    client = Client()
    client.force_login(person, backend="creditpath.accounts.backends.RoleBackend")
    for model in (Payment, Loan, Instalment, Score, ModelVersion):
        assert client.post(_address(model, "change", model.objects.first().pk), {}).status_code == 403


def test_borrower_with_loans_is_not_deleted(client_of: ClientOf, books: list[Loan]) -> None:
    borrower = books[0].borrower
    assert client_of(Role.ADMIN).post(_address(Borrower, "delete", borrower.pk), {"post": "yes"}).status_code == 403
    assert Borrower.objects.filter(pk=borrower.pk).exists()


# --- payments -------------------------------------------------------------------------------------------------------------
def _payment(loan: Loan, **fields: Any) -> dict[str, Any]:
    return {
        "loan": loan.pk,
        "amount": "20.00",
        "effective_on": "2026-06-30",
        "channel": "cash",
        "external_id": "",
    } | fields


def test_payment_is_entered_through_the_service_and_the_score_follows(
    client_of: ClientOf, frozen_day: date, django_capture_on_commit_callbacks: Any
) -> None:
    promote_logistic()
    loan = make_loan(instalments=[(date(2026, 5, 1), 90, 10), (date(2026, 8, 1), 90, 10)])
    with django_capture_on_commit_callbacks(execute=True):
        answer = client_of(Role.MANAGER).post(_address(Payment, "add"), _payment(loan))
    assert answer.status_code == 302
    payment = loan.payments.get()
    assert (str(payment.amount), payment.recorded_by.username) == ("20.00", "manager")
    assert payment.booked_at is not None
    assert str(loan.delinquency.paid_amount) == "20.00"
    assert Score.objects.published().filter(loan=loan).count() == 1


def test_payment_that_the_books_refuse_comes_back_with_what_was_typed(client_of: ClientOf, books: list[Loan]) -> None:
    client, loan = client_of(Role.MANAGER), books[0]
    answer = client.post(_address(Payment, "add"), _payment(loan, effective_on="2026-07-01"), follow=True)
    text = answer.content.decode()
    assert "lies after the business date" in text
    assert 'value="20.00"' in text
    assert loan.payments.count() == 1


def test_payment_is_reversed_after_asking_for_the_day(client_of: ClientOf, books: list[Loan]) -> None:
    client, payment = client_of(Role.MANAGER), books[0].payments.get()
    body = {"action": "reverse", "_selected_action": [payment.pk]}
    asked = client.post(_address(Payment, "changelist"), body)
    assert asked.status_code == 200
    assert "negated amount" in asked.content.decode()
    assert books[0].payments.count() == 1
    client.post(_address(Payment, "changelist"), body | {"confirmed": "yes", "effective_on": "2026-06-30"})
    reversal = Payment.objects.get(reverses=payment)
    assert (reversal.amount, reversal.recorded_by.username) == (-payment.amount, "manager")
    again = client.post(
        _address(Payment, "changelist"), body | {"confirmed": "yes", "effective_on": "2026-06-30"}, follow=True
    )
    assert "reversed already" in again.content.decode()


def test_compliance_reads_payments_and_enters_none(client_of: ClientOf, books: list[Loan]) -> None:
    client, payment = client_of(Role.COMPLIANCE), books[0].payments.get()
    assert client.get(_address(Payment, "changelist")).status_code == 200
    assert client.get(_address(Payment, "add")).status_code == 403
    body = {"action": "reverse", "_selected_action": [payment.pk], "confirmed": "yes", "effective_on": "2026-06-30"}
    client.post(_address(Payment, "changelist"), body)
    assert not Payment.objects.filter(reverses=payment).exists()


# --- loans ----------------------------------------------------------------------------------------------------------------
def test_loans_are_filtered_by_bucket_tier_product_team_and_currency(client_of: ClientOf, books: list[Loan]) -> None:
    client = client_of(Role.MANAGER)
    for query, count in {
        "bucket=owing": 4,
        "bucket=late": Delinquency.objects.in_arrears().count(),
        "bucket=31-60": Delinquency.objects.filter(bucket="31-60").count(),
        "bucket=unheard": 0,
        "tier=none": 0,
        f"tier={Score.objects.earliest('id').tier}": Score.objects.filter(
            tier=Score.objects.earliest("id").tier
        ).count(),
        f"product={books[0].product_id}&team={books[0].borrower.team_id}&currency=USD": 4,
        "team=999999": 0,
        "currency=XXX": 0,
    }.items():
        answer = client.get(f"{_address(Loan, 'changelist')}?{query}")
        assert answer.context["cl"].result_count == count, query


@pytest.mark.parametrize(
    "query", ["q=%00", "external_id=%00", "bucket=%00", "p=x", "o=99", "nonsense=1", "borrower__user=1"]
)
def test_hostile_query_ends_in_no_error_of_the_server(query: str, client_of: ClientOf, books: list[Loan]) -> None:
    client = client_of(Role.ADMIN)
    client.raise_request_exception = False
    assert client.get(f"{_address(Loan, 'changelist')}?{query}").status_code in {200, 302, 400}


def test_large_table_is_counted_by_estimate_and_a_filtered_one_exactly(
    books: list[Loan], monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE borrowers_loan")
    monkeypatch.setattr("creditpath.admin_lists.ESTIMATE_FROM", 1)
    assert LargeTablePaginator(Loan.objects.order_by("id"), 50).count >= 4
    assert LargeTablePaginator(Loan.objects.filter(pk=books[0].pk).order_by("id"), 50).count == 1


# --- models and policies --------------------------------------------------------------------------------------------------
def test_model_is_promoted_by_two_people_and_retired_with_a_reason(client_of: ClientOf, books: list[Loan]) -> None:
    client, challenger = client_of(Role.DATA_SCIENTIST), register_logistic(days_past_due=0.1)
    body = {"action": "propose", "_selected_action": [challenger.pk]}
    assert "a second person" in client.post(_address(ModelVersion, "changelist"), body).content.decode()
    without = client.post(_address(ModelVersion, "changelist"), body | {"confirmed": "yes", "reason": ""})
    assert "This field is required" in without.content.decode()
    given = {"confirmed": "yes", "reason": "better on new rows"}
    refused = client.post(_address(ModelVersion, "changelist"), body | given, follow=True)
    assert "not compared with the champion" in refused.content.decode()
    client.post(_address(ModelVersion, "changelist"), body | given | {"in_spite_of": "a test"})
    proposal = challenger.proposals.get()
    approve = {"action": "approve", "_selected_action": [proposal.pk], "confirmed": "yes"}
    client.post(_address(PromotionProposal, "changelist"), approve)
    assert not challenger.deployments.exists()
    client_of(Role.MANAGER).post(_address(PromotionProposal, "changelist"), approve)
    live = challenger.deployments.live().get()
    assert (live.promoted_by.username, live.reason) == ("data_scientist", "better on new rows")
    client.post(
        _address(ModelVersion, "changelist"), body | {"action": "retire", "confirmed": "yes", "reason": "drift"}
    )
    assert not challenger.deployments.live().exists()


def test_manager_does_not_propose_models(client_of: ClientOf, books: list[Loan]) -> None:
    challenger = register_logistic(days_past_due=0.1)
    given = {"confirmed": "yes", "reason": "mine", "in_spite_of": "mine"}
    body = {"action": "propose", "_selected_action": [challenger.pk], **given}
    client_of(Role.MANAGER).post(_address(ModelVersion, "changelist"), body)
    assert not challenger.proposals.exists()


def test_bytes_of_a_model_are_not_read_for_its_list(
    client_of: ClientOf, books: list[Loan], django_assert_max_num_queries: Any
) -> None:
    client = client_of(Role.ADMIN)
    with django_assert_max_num_queries(16) as captured:
        client.get(_address(ModelVersion, "changelist"))
    assert not any('"onnx"' in query["sql"] for query in captured.captured_queries)


def _policy_form(**fields: Any) -> dict[str, Any]:
    return {
        "title": "Softer", "currency": "USD", "exploration_ratio": "0.05", "rules-TOTAL_FORMS": 1, "rules-INITIAL_FORMS": 0,
        "rules-0-position": 1, "rules-0-action": "call", "rules-0-reason": "late", "rules-0-expected_minutes": 5,
        "rules-0-tiers": "[]", "rules-0-buckets": "[]", "rules-0-products": "[]", "rules-0-alternatives": "[]", **fields,
    }  # fmt: skip


def test_draft_is_edited_with_its_lines_checked_and_the_edit_kept(
    client_of: ClientOf, books: list[Loan], people: dict[Role, User]
) -> None:
    policy = draft_policy(by=people[Role.ADMIN], title="Soft")
    client = client_of(Role.MANAGER)
    address = _address(Policy, "change", policy.pk)
    refused = client.post(address, _policy_form(**{"rules-0-action": "settlement"}))
    assert "Enter how much may be let go at most" in refused.content.decode()
    assert client.post(address, _policy_form()).status_code == 302
    policy.refresh_from_db()
    assert (policy.title, policy.rules.get().action) == ("Softer", "call")
    event = policy.events.last()
    assert event is not None
    assert (event.kind, event.by, "Line 1 is new" in event.detail) == ("edited", people[Role.MANAGER], True)


def test_policy_that_has_come_into_force_is_not_changed(client_of: ClientOf, books: list[Loan]) -> None:
    policy = Policy.objects.filter(effective_from__lte="2026-06-30").first()
    assert policy is not None
    client = client_of(Role.ADMIN)
    assert client.get(_address(Policy, "change", policy.pk)).status_code == 200
    assert client.post(_address(Policy, "change", policy.pk), _policy_form()).status_code == 403
    assert client.post(_address(Policy, "delete", policy.pk), {"post": "yes"}).status_code == 403
    assert PolicyRule.objects.filter(policy=policy).exists()
