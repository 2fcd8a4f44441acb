"""Versions of the policy: drafted, submitted, approved by a second person, in force one at a time, never edited again."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from creditpath.accounts.models import Role, User
from recovery.errors import PolicyIsNoDraft, PolicyRefused
from recovery.models import Policy, PolicyEvent, PolicyReplay, PolicyRule
from recovery.policymaking.replaying import plan_replay
from recovery.services import (
    approve_policy,
    change_policy,
    delete_rule,
    draft_policy,
    ensure_default_policy,
    get_policy,
    move_rule,
    recommend_actions,
    return_policy,
    submit_policy,
    withdraw_policy,
    write_rule,
)
from tests.factories import make_loan, make_user
from tests.recovery.policies import LINE, make_draft, put_in_force

pytestmark = pytest.mark.django_db
TOMORROW = timedelta(days=1)


@pytest.fixture
def writer(frozen_day: date) -> User:
    return make_user(Role.MANAGER, username="writer")


@pytest.fixture
def approver(frozen_day: date) -> User:
    return make_user(Role.MANAGER, username="approver")


def refused(sql: str, name: str, *arguments: object) -> None:
    with pytest.raises(IntegrityError, match=name), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, arguments)


def actions(policy: Policy) -> list[str]:
    return list(policy.rules.order_by("position").values_list("action", flat=True))


def test_draft_takes_the_lines_of_another_version_and_leaves_that_one_alone(writer: User, frozen_day: date) -> None:
    first = ensure_default_policy(as_of=frozen_day)
    draft = draft_policy(by=writer, title="Fewer calls", based_on=first)
    assert (draft.version, draft.state, draft.seed) == (first.version + 1, "draft", first.seed)
    assert actions(draft) == actions(first)
    assert list(draft.rules.values_list("key", flat=True)) == list(first.rules.values_list("key", flat=True))
    delete_rule(policy=draft, by=writer, rule=draft.rules.get(position=2))
    assert len(actions(draft)) == len(actions(first)) - 1


def test_lines_are_added_moved_and_deleted_and_stay_numbered(writer: User) -> None:
    draft = make_draft(writer, {"action": "sms"}, {"action": "call"}, {"action": "plan"})
    move_rule(policy=draft, by=writer, rule=draft.rules.get(position=3), to=1)
    assert actions(draft) == ["plan", "sms", "call"]
    write_rule(policy=draft, by=writer, values=LINE | {"action": "email", "position": 2})
    assert actions(draft) == ["plan", "email", "sms", "call"]
    delete_rule(policy=draft, by=writer, rule=draft.rules.get(position=1))
    assert list(draft.rules.order_by("position").values_list("position", "action")) == [
        (1, "email"),
        (2, "sms"),
        (3, "call"),
    ]


def test_history_keeps_every_edit_in_words(writer: User) -> None:
    draft = make_draft(writer, {"max_days_past_due": 30})
    rule = draft.rules.get()
    write_rule(policy=draft, by=writer, rule=rule, values={"max_days_past_due": 45})
    write_rule(policy=draft, by=writer, rule=rule, values={"max_days_past_due": 45})
    change_policy(policy=draft, by=writer, title="Longer", currency="usd", exploration_ratio=Decimal("0.1"))
    assert list(draft.events.values_list("kind", "detail")) == [
        ("created", "From nothing."),
        ("edited", "Line 1 is new: If at most 30 days past due: call, about 5 minutes."),
        (
            "edited",
            "Line 1 says something else: days past due: at most 30 days past due → at most 45 days past due",
        ),
        (
            "edited",
            (
                "Title: Longer. The share tried by lot: was: Nothing is tried by lot: effects of other actions cannot be learned "
                "under this policy.; is: 10 % of decisions draw by lot among the actions of their line, so that effects can be "
                "learned; a household keeps its lot. The currency of amounts: was: any; is: USD"
            ),
        ),
    ]


def test_line_that_cannot_be_carried_out_is_refused_with_the_field(writer: User) -> None:
    draft = draft_policy(by=writer, title="Draft")
    with pytest.raises(PolicyRefused) as wrong:
        write_rule(policy=draft, by=writer, values=LINE | {"action": "settlement"})
    assert set(wrong.value.fields) == {"settlement_limit_ratio"}
    assert not draft.rules.exists()


def test_a_second_person_approves(writer: User, approver: User, frozen_day: date) -> None:
    draft = make_draft(writer, {})
    submit_policy(policy=draft, by=writer, waiver="a test")
    with pytest.raises(PolicyRefused, match="a second person"):
        approve_policy(policy=draft, by=writer, effective_from=frozen_day)
    approved = approve_policy(policy=draft, by=approver, effective_from=frozen_day)
    assert (approved.state, approved.approved_by, approved.effective_from) == ("approved", approver, frozen_day)


def test_who_edited_a_version_may_not_approve_it(writer: User, approver: User, frozen_day: date) -> None:
    draft = make_draft(writer, {})
    write_rule(policy=draft, by=approver, values=LINE | {"action": "sms"})
    submit_policy(policy=draft, by=writer, waiver="a test")
    with pytest.raises(PolicyRefused, match="You had a hand in this version"):
        approve_policy(policy=draft, by=approver, effective_from=frozen_day)


def test_raw_sql_cannot_approve_alone_or_without_anybody(writer: User, frozen_day: date) -> None:
    draft = make_draft(writer, {})
    submit_policy(policy=draft, by=writer, waiver="a test")
    approve = "UPDATE recovery_policy SET state = 'approved', effective_from = %s, approved_by_id = %s WHERE id = %s"
    refused(approve, "had a hand in it", frozen_day, writer.pk, draft.pk)
    refused(approve, "policy_is_approved_by_somebody", frozen_day, None, draft.pk)


def test_submission_asks_for_a_replay_or_a_reason(writer: User) -> None:
    draft = make_draft(writer, {})
    with pytest.raises(PolicyRefused, match="Try the draft on past days first"):
        submit_policy(policy=draft, by=writer)
    submitted = submit_policy(policy=draft, by=writer, waiver="The regulator asked for it today.")
    assert submitted.replay_waiver == "The regulator asked for it today."


def test_empty_draft_is_not_submitted(writer: User) -> None:
    with pytest.raises(PolicyRefused, match="no line yet"):
        submit_policy(policy=draft_policy(by=writer, title="Empty"), by=writer, waiver="x")


def test_submitted_version_is_returned_with_a_reason_and_edited_again(writer: User, approver: User) -> None:
    draft = make_draft(writer, {})
    submit_policy(policy=draft, by=writer, waiver="x")
    with pytest.raises(PolicyIsNoDraft):
        write_rule(policy=draft, by=writer, values=LINE)
    with pytest.raises(PolicyRefused, match="Say why"):
        return_policy(policy=draft, by=approver, reason=" ")
    return_policy(policy=draft, by=approver, reason="Too many visits.")
    write_rule(policy=draft, by=writer, values=LINE | {"action": "sms"})
    submit_policy(policy=draft, by=writer, waiver="x")
    withdraw_policy(policy=draft, by=writer, reason="Not needed.")
    assert list(draft.events.values_list("kind", flat=True)) == [
        "created", "edited", "submitted", "returned", "edited", "submitted", "withdrawn"
    ]  # fmt: skip


def test_raw_sql_cannot_edit_a_version_that_is_submitted_or_approved(
    writer: User, approver: User, frozen_day: date
) -> None:
    draft = make_draft(writer, {})
    submit_policy(policy=draft, by=writer, waiver="x")
    name = "no draft"
    for state in ("submitted", "approved"):
        refused("UPDATE recovery_policyrule SET action = 'visit' WHERE policy_id = %s", name, draft.pk)
        refused("DELETE FROM recovery_policyrule WHERE policy_id = %s", name, draft.pk)
        refused(
            "INSERT INTO recovery_policyrule (policy_id, position, key, buckets, tiers, products, alternatives, action, channel,"
            " tone, escalate_to, reason, expected_minutes) SELECT policy_id, 9, 'k', buckets, tiers, products, alternatives,"
            " action, channel, tone, escalate_to, reason, expected_minutes FROM recovery_policyrule WHERE policy_id = %s",
            name,
            draft.pk,
        )
        refused("UPDATE recovery_policy SET exploration_ratio = 0.5 WHERE id = %s", name, draft.pk)
        refused("DELETE FROM recovery_policy WHERE id = %s", name, draft.pk)
        if state == "submitted":
            approve_policy(policy=draft, by=approver, effective_from=frozen_day)
    refused("UPDATE recovery_policy SET state = 'draft' WHERE id = %s", name, draft.pk)
    refused("UPDATE recovery_policy SET effective_from = '2020-01-01' WHERE id = %s", name, draft.pk)
    refused("UPDATE recovery_policyevent SET detail = 'nothing'", "never changed")
    assert PolicyRule.objects.get(policy=draft).action == "call"


def test_one_version_is_in_force_on_a_day_and_the_next_one_ends_it(
    writer: User, approver: User, frozen_day: date
) -> None:
    first = ensure_default_policy(as_of=frozen_day)
    second = put_in_force(
        make_draft(writer, {}), submitter=writer, approver=approver, day=frozen_day + timedelta(days=10)
    )
    first.refresh_from_db()
    assert first.effective_until == second.effective_from
    assert get_policy(as_of=frozen_day + timedelta(days=9)).version == first.version
    assert get_policy(as_of=frozen_day + timedelta(days=10)).version == second.version
    sooner = put_in_force(
        make_draft(writer, {}), submitter=writer, approver=approver, day=frozen_day + timedelta(days=4)
    )
    second.refresh_from_db()
    assert second.effective_until == second.effective_from, "what was approved later takes its place altogether"
    for days, version in ((3, first.version), (4, sooner.version), (400, sooner.version)):
        assert get_policy(as_of=frozen_day + timedelta(days=days)).version == version
    for day in (frozen_day, frozen_day + timedelta(days=20)):
        assert Policy.objects.in_force(day).count() == 1


def test_raw_sql_cannot_put_two_versions_in_force(writer: User, approver: User, frozen_day: date) -> None:
    ensure_default_policy(as_of=frozen_day)
    draft = make_draft(writer, {})
    submit_policy(policy=draft, by=writer, waiver="x")
    refused(
        "UPDATE recovery_policy SET state = 'approved', effective_from = %s, approved_by_id = %s WHERE id = %s",
        "one_policy_in_force_per_day",
        frozen_day + timedelta(days=30),
        approver.pk,
        draft.pk,
    )


def test_version_counts_from_a_day_for_which_nothing_is_decided_yet(
    writer: User, approver: User, frozen_day: date
) -> None:
    from borrowers.services import refresh_delinquency

    make_loan(instalments=[(frozen_day - timedelta(days=40), 500)])
    refresh_delinquency(as_of=frozen_day)
    recommend_actions(as_of=frozen_day)
    draft = make_draft(writer, {})
    submit_policy(policy=draft, by=writer, waiver="x")
    with pytest.raises(PolicyRefused, match="choose 2026-07-01 or later"):
        approve_policy(policy=draft, by=approver, effective_from=frozen_day)
    assert approve_policy(policy=draft, by=approver, effective_from=frozen_day + TOMORROW).state == "approved"


def test_starting_policy_stands_in_front_of_the_first_approved_one(
    writer: User, approver: User, frozen_day: date
) -> None:
    later = put_in_force(
        make_draft(writer, {}), submitter=writer, approver=approver, day=frozen_day + timedelta(days=5)
    )
    assert get_policy(as_of=frozen_day).title == "Starting policy"
    assert get_policy(as_of=frozen_day + timedelta(days=5)).version == later.version
    assert PolicyEvent.objects.filter(detail="Came with the product.").count() == 1


INSERT_POLICY = """
INSERT INTO recovery_policy (version, title, currency, exploration_ratio, seed, state, is_installed, effective_from,
    created_at, replay_waiver, submitted_by_id, approved_by_id, submitted_at, approved_at)
SELECT 99, 'forged', '', 0, 's', %s, %s, DATE '2027-01-01', now(), '', %s, %s, NULL, NULL
"""


def test_raw_sql_cannot_enter_a_version_that_is_approved_already(writer: User, approver: User) -> None:
    for is_installed in (False, True):
        refused(INSERT_POLICY, "begins as a draft", "approved", is_installed, writer.pk, approver.pk)
    refused(INSERT_POLICY, "begins as a draft", "submitted", False, writer.pk, None)


def test_raw_sql_cannot_approve_a_draft_past_its_submission(writer: User, approver: User, frozen_day: date) -> None:
    draft = make_draft(writer, {})
    approve = (
        "UPDATE recovery_policy SET state = 'approved', effective_from = %s, submitted_by_id = %s, approved_by_id = %s"
        " WHERE id = %s"
    )
    refused(approve, "submitted, then approved", frozen_day, writer.pk, approver.pk, draft.pk)
    refused("UPDATE recovery_policy SET is_installed = true WHERE id = %s", "submitted, then approved", draft.pk)
    refused(
        "UPDATE recovery_policy SET created_by_id = %s WHERE id = %s", "submitted, then approved", approver.pk, draft.pk
    )


def test_raw_sql_cannot_let_an_editor_approve(writer: User, approver: User, frozen_day: date) -> None:
    draft = make_draft(writer, {})
    write_rule(policy=draft, by=approver, values=LINE)
    submit_policy(policy=draft, by=writer, waiver="x")
    refused(
        "UPDATE recovery_policy SET state = 'approved', effective_from = %s, approved_by_id = %s, approved_at = now()"
        " WHERE id = %s",
        "had a hand in it", frozen_day, approver.pk, draft.pk,
    )  # fmt: skip


def test_raw_sql_cannot_install_a_policy_behind_one_that_people_approved(
    writer: User, approver: User, frozen_day: date
) -> None:
    put_in_force(make_draft(writer, {}), submitter=writer, approver=approver, day=frozen_day)
    Policy.objects.filter(state="approved").update(effective_until=frozen_day + TOMORROW)
    with connection.cursor() as cursor:
        cursor.execute(INSERT_POLICY, ["draft", True, None, None])
    refused("UPDATE recovery_policy SET state = 'approved' WHERE version = 99", "submitted, then approved")


@pytest.mark.parametrize("table", ["policy", "policyrule", "policyreplay", "contactrule", "limitationperiod"])
def test_what_rules_the_work_is_not_emptied(db: None, table: str) -> None:
    refused(f"TRUNCATE recovery_{table} CASCADE", "refused")


def test_raw_sql_cannot_forge_a_replay(writer: User, frozen_day: date) -> None:
    draft = make_draft(writer, {})
    replay = plan_replay(policy=draft, by=writer, days=1)
    columns = ", ".join(
        field.column for field in PolicyReplay._meta.concrete_fields if field.column not in ("id", "state", "cases")
    )
    refused(
        f"INSERT INTO recovery_policyreplay (state, cases, {columns}) SELECT 'done', 9, {columns} FROM recovery_policyreplay",
        "begins waiting",
    )
    refused(
        "INSERT INTO recovery_replayline (replay_id, day, side, action, currency, cases, blocked, minutes)"
        " VALUES (%s, %s, 'draft', 'call', 'USD', 9, 0, 1)",
        "while it runs", replay.pk, frozen_day,
    )  # fmt: skip
