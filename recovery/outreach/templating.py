"""Versions of templates: drafted, published, retired; and which of them a message is written from."""

import tomllib
from pathlib import Path

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from borrowers.models import Borrower
from creditpath.accounts.models import User
from recovery.errors import TemplateRefused
from recovery.models import MessageTemplate
from recovery.models.outreach import OPT_OUT
from recovery.outreach.rendering import fields_of

FILE = Path(__file__).with_name("shipped.toml")
LINE = ("key", "channel", "language", "tone")
IN_WRITING = ("sms", "email")


def find_faults(*, channel: str, subject: str, body: str) -> dict[str, str]:
    """Return what is wrong with a template by field; empty where it can be published."""
    faults = {}
    for name, text in (("subject", subject), ("body", body)):
        try:
            fields_of(text)
        except TemplateRefused as refusal:
            faults[name] = refusal.detail
    if "body" not in faults and not body.strip():
        faults["body"] = "Write what is sent."
    if "body" not in faults and channel in IN_WRITING and OPT_OUT not in body:
        faults["body"] = f"Every text message and e-mail says how to stop them: put {OPT_OUT} into it."
    if channel == "email" and not subject.strip():
        faults["subject"] = "An e-mail has a subject."
    if "\n" in subject or "\r" in subject:
        faults["subject"] = "A subject is one line."
    return faults


def next_version(template: MessageTemplate) -> int:
    """Return the number of a new version of a template's line."""
    same = MessageTemplate.objects.filter(**{name: getattr(template, name) for name in LINE})
    return 1 + (same.aggregate(last=Max("version"))["last"] or 0)


@transaction.atomic
def publish_template(*, template: MessageTemplate, published_by: User) -> MessageTemplate:
    """Publish a draft in the place of the version that is live; from then on it is never changed.

    Raises TemplateRefused with what is wrong, or if it was published before. Two at once: one_version_of_a_template_is_live.
    """
    draft = MessageTemplate.objects.select_for_update().get(pk=template.pk)
    if draft.published_at is not None:
        raise TemplateRefused(f"Version {draft.version} was published before.")
    faults = find_faults(channel=draft.channel, subject=draft.subject, body=draft.body)
    if faults:
        raise TemplateRefused(" ".join(faults.values()), fields=faults)
    now = timezone.now()
    MessageTemplate.objects.live().filter(**{name: getattr(draft, name) for name in LINE}).update(retired_at=now)
    draft.published_by, draft.published_at = published_by, now
    draft.save(update_fields=["published_by", "published_at"])
    return draft


@transaction.atomic
def revise_template(*, template: MessageTemplate, drafted_by: User) -> MessageTemplate:
    """Begin a new version from a published one."""
    return MessageTemplate.objects.create(
        **{name: getattr(template, name) for name in LINE},
        version=next_version(template), purpose=template.purpose, subject=template.subject, body=template.body,
        drafted_by=drafted_by,
    )  # fmt: skip


def retire_template(*, template: MessageTemplate) -> None:
    """Let a published version be used no more; raises TemplateRefused if it is none that is."""
    if not MessageTemplate.objects.live().filter(pk=template.pk).update(retired_at=timezone.now()):
        raise TemplateRefused("Only a version that is live can be retired.")


def templates_for(
    *, borrower: Borrower, channels: tuple[str, ...], channel: str = "", tone: str = ""
) -> list[MessageTemplate]:
    """Return live templates, those first that fit the borrower's language and what is recommended; one query."""
    language = borrower.language or "en"
    rows = MessageTemplate.objects.live().filter(channel__in=channels)

    def fit(row: MessageTemplate) -> tuple[object, ...]:
        speaks = (
            0 if row.language == language else 1 if row.language.partition("-")[0] == language.partition("-")[0] else 2
        )
        return (speaks, row.channel != channel, row.tone != tone, row.key, row.channel, row.tone, row.pk)

    return sorted(rows, key=fit)


def find_template(*, key: str, borrower: Borrower, channel: str) -> MessageTemplate | None:
    """Return the live template of a key in the borrower's language, else in English, else in any."""
    rows = [row for row in templates_for(borrower=borrower, channels=(channel,)) if row.key == key]
    own = (borrower.language or "en").partition("-")[0]
    by_language = {row.language.partition("-")[0]: row for row in reversed(rows)}
    return by_language.get(own) or by_language.get("en") or (rows[0] if rows else None)


def ensure_shipped_templates(*, using: str = "default") -> int:
    """Write the templates that the product comes with where a lender has none of that line, and return how many."""
    shipped = tomllib.loads(FILE.read_text(encoding="utf-8"))["template"]
    known = set(MessageTemplate.objects.using(using).values_list(*LINE))
    rows = [
        MessageTemplate(version=1, is_shipped=True, published_at=timezone.now(), **line)
        for line in shipped
        if tuple(line[name] for name in LINE) not in known
    ]
    return len(MessageTemplate.objects.using(using).bulk_create(rows))
