"""Templates: a list of fields, versions that are kept, an opt-out in each; previewed escaped."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from borrowers.models import ContactPoint, Loan
from creditpath.accounts.models import Role, User
from recovery.errors import TemplateRefused
from recovery.models import MessageTemplate, OutgoingMessage
from recovery.outreach.rendering import Rendered, fields_of, render
from recovery.outreach.services import find_template, publish_template, retire_template, revise_template
from tests.factories import make_user
from tests.recovery.outreach.conftest import template

pytestmark = pytest.mark.django_db
Clients = Callable[[Role], Client]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{fist_name}", "There is no field {fist_name}. Did you mean {first_name}?"),
        ("{settings.SECRET_KEY}", "There is no field {settings.SECRET_KEY}."),
        ("{first_name!r}", "There is no field {first_name!r}."),
        ("{}", "There is no field {}."),
        ("{{first_name}}", "A brace stands alone"),
        ("{first_name", "A brace stands alone"),
    ],
)
def test_an_unknown_field_is_named(text: str, said: str) -> None:
    with pytest.raises(TemplateRefused) as refusal:
        fields_of(text)
    assert refusal.value.detail.startswith(said)


def test_what_looks_like_code_is_text() -> None:
    text = "%s {% now 'Y' %} ${x} {first_name}".replace("{% now 'Y' %}", "%(now)s").replace("${x}", "$x")
    assert render(subject="", body=text, values={"first_name": "{borrower_name}\n\u202eA"}) == Rendered(
        "", "%s %(now)s $x {borrower_name} A"
    )


def test_a_field_that_is_not_known_of_a_borrower_is_named() -> None:
    with pytest.raises(TemplateRefused, match=r"\{next_due_on\} is not known here"):
        render(subject="", body="{next_due_on}", values={"next_due_on": ""})


@pytest.mark.parametrize(
    ("text", "parts"), [("a" * 160, 1), ("a" * 161, 2), ("é" * 160, 1), ("€" * 81, 2), ("ж" * 71, 2)]
)
def test_text_messages_are_counted_as_carriers_do(text: str, parts: int) -> None:
    assert Rendered("", text).n_parts == parts


def test_a_published_version_is_kept_and_a_new_one_takes_its_place(db: None) -> None:
    manager = make_user(Role.MANAGER)
    first = template()
    draft = revise_template(template=first, drafted_by=manager)
    MessageTemplate.objects.filter(pk=draft.pk).update(body="Hello. {opt_out_link}")
    publish_template(template=draft, published_by=manager)
    first.refresh_from_db()
    assert (template(), template().version, first.is_live) == (draft, 2, False)
    with pytest.raises(TemplateRefused):
        publish_template(template=draft, published_by=manager)
    for change in ("SET body = 'x {opt_out_link}'", "SET published_at = NULL", "SET retired_at = NULL"):
        with pytest.raises(IntegrityError, match="was published"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE recovery_messagetemplate {change} WHERE id = {first.pk}")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM recovery_messagetemplate")


def test_raw_sql_writes_no_message_without_an_opt_out(db: None) -> None:
    with pytest.raises(IntegrityError, match="message_offers_an_opt_out"), transaction.atomic():
        MessageTemplate.objects.create(key="x", channel="sms", version=1, body="pay!")


def test_what_is_queued_from_a_template_that_was_retired_is_refused(message: OutgoingMessage) -> None:
    from recovery.outreach.services import dispatch_messages

    retire_template(template=message.template)
    assert dict(dispatch_messages().reasons) == {"template_retired": 1}


def test_the_borrowers_language_is_chosen_and_english_else(loan: Loan) -> None:
    loan.borrower.language = "es-MX"
    assert find_template(key="reminder", borrower=loan.borrower, channel="sms").language == "es"  # type: ignore[union-attr]
    loan.borrower.language = "fr"
    assert find_template(key="reminder", borrower=loan.borrower, channel="sms").language == "en"  # type: ignore[union-attr]


def test_a_manager_drafts_previews_and_publishes_and_an_agent_queues(
    loan: Loan, client_of: Clients, people: dict[Role, User]
) -> None:
    manager, agent = client_of(Role.MANAGER), client_of(Role.AGENT)
    fields = {
        "key": "new",
        "channel": "email",
        "language": "en",
        "tone": "firm",
        "purpose": "collection",
        "subject": "Hi",
    }
    address = "/admin/recovery/messagetemplate/"
    refused = manager.post(f"{address}add/", fields | {"body": "Dear {nam}, {opt_out_link}"})
    assert b"There is no field {nam}" in refused.content
    assert manager.post(f"{address}add/", fields | {"body": "Dear {borrower_name}, {opt_out_link}"}).status_code == 302
    draft = MessageTemplate.objects.get(key="new")
    page = agent.get(f"/messages/templates/{draft.pk}/", {"borrower": loan.borrower.external_id}).content.decode()
    assert "Dear Ada &lt;b&gt;Brown&lt;/b&gt;, reply STOP" in page
    write = f"/borrowers/{loan.borrower_id}/message/"
    assert agent.post(write, {"key": "k", "template": str(draft.pk)}).status_code == 200  # no live one
    manager.post(address, {"action": "publish", "_selected_action": [draft.pk]})
    assert "Dear Ada &lt;b&gt;Brown" in agent.get(write, {"template": draft.pk}).content.decode()
    assert agent.post(write, {"key": "k", "template": str(draft.pk)}).status_code == 302
    row = OutgoingMessage.objects.get()
    assert (row.text, row.queued_by) == ("Dear Ada <b>Brown</b>, reply STOP", people[Role.AGENT])
    shown = agent.get("/messages/").content.decode()
    assert "Dear Ada &lt;b&gt;Brown" in shown and "ada@example.com" not in shown
    agent.post(f"/messages/{row.pk}/cancel/")
    row.refresh_from_db()
    assert row.state == "cancelled"


def test_the_api_queues_lists_and_cancels(loan: Loan, client_of: Clients) -> None:
    client = client_of(Role.INTEGRATION)
    (live,) = client.get("/api/v1/message-templates/?channel=sms&language=es").json()["results"]
    body = {"borrower": loan.borrower_id, "template": live["id"]}

    def queue() -> Any:
        headers = {"Idempotency-Key": "one"}
        return client.post("/api/v1/outgoing-messages/", body, content_type="application/json", headers=headers)

    first, second = queue(), queue()
    assert (first.status_code, second.json()["id"]) == (201, first.json()["id"])
    assert first.json()["text"].endswith("Para no recibir más mensajes: reply STOP")
    assert [row["state"] for row in client.get("/api/v1/outgoing-messages/").json()["results"]] == ["queued"]
    assert client.post(f"/api/v1/outgoing-messages/{first.json()['id']}/cancel/").json()["state"] == "cancelled"
    assert client.post(f"/api/v1/outgoing-messages/{first.json()['id']}/cancel/").status_code == 409
    ContactPoint.objects.filter(borrower=loan.borrower, kind="phone").update(opted_out_on="2026-06-01")
    refused = client.post("/api/v1/outgoing-messages/", body, content_type="application/json").json()
    assert "No telephone" in refused["fields"]["contact_point"]
