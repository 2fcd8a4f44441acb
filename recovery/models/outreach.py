"""Follow-ups by message, dialler and telephone: templates, the outbox, call-backs, what providers tell, who called in."""

from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from borrowers.models import Borrower, ContactEvent, ContactPoint, Loan
from recovery.models.decisions import Recommendation
from recovery.models.reservations import ContactReservation, Purpose
from recovery.querysets import MessageTemplateQuerySet, OfBorrowerQuerySet

OPT_OUT = "{opt_out_link}"


def _happened_field() -> models.DateTimeField:
    return models.DateTimeField(db_default=Now(), editable=False)


class MessageTemplate(models.Model):
    """What is written to borrowers, or said to them. A version is a draft until it is published; then it is never changed."""

    class Channel(models.TextChoices):
        SMS = "sms", "text message"
        EMAIL = "email", "e-mail"
        LETTER = "letter", "letter"
        CALL = "call", "said on a call"

    class Tone(models.TextChoices):
        FRIENDLY = "friendly", "friendly"
        NEUTRAL = "neutral", "matter-of-fact"
        FIRM = "firm", "firm"

    key = models.SlugField(max_length=40, db_index=False, help_text="What it is for, such as reminder.")
    channel = models.CharField(max_length=6, choices=Channel)
    language = models.CharField(max_length=8, default="en", help_text="Of the text, such as en or es.")
    tone = models.CharField(max_length=10, choices=Tone, default=Tone.NEUTRAL)
    version = models.PositiveIntegerField(editable=False)
    purpose = models.CharField(
        max_length=10, choices=Purpose, default=Purpose.COLLECTION, db_default=Purpose.COLLECTION,
        help_text="A notice is not stopped by holds and is sent although a payment came in.",
    )  # fmt: skip
    subject = models.CharField(max_length=150, blank=True, help_text="Of an e-mail or a letter.")
    body = models.TextField(
        max_length=10_000, help_text=f"With fields such as {{first_name}}. A text message or e-mail holds {OPT_OUT}."
    )
    is_shipped = models.BooleanField(default=False, db_default=False, editable=False)
    drafted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    published_at = models.DateTimeField(null=True, editable=False)
    retired_at = models.DateTimeField(null=True, editable=False)

    objects = MessageTemplateQuerySet.as_manager()

    class Meta:
        ordering = ["key", "channel", "language", "tone", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["key", "channel", "language", "tone", "version"], name="template_versions_are_numbered"
            ),
            models.UniqueConstraint(
                fields=["key", "channel", "language", "tone"], name="one_version_of_a_template_is_live",
                condition=Q(published_at__isnull=False, retired_at__isnull=True),
            ),
            models.CheckConstraint(
                condition=Q(channel__in=["sms", "email", "letter", "call"]), name="template_channel_is_known"
            ),
            models.CheckConstraint(condition=Q(tone__in=["friendly", "neutral", "firm"]), name="template_tone_is_known"),
            models.CheckConstraint(
                condition=Q(purpose__in=["collection", "notice"]), name="template_purpose_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(channel__in=["sms", "email"]) | Q(body__contains=OPT_OUT), name="message_offers_an_opt_out"
            ),
            models.CheckConstraint(condition=~Q(channel="email") | ~Q(subject=""), name="email_has_a_subject"),
            models.CheckConstraint(
                condition=Q(retired_at__isnull=True) | Q(published_at__isnull=False),
                name="only_what_was_published_is_retired",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.key}, {self.get_channel_display()}, {self.language}, {self.get_tone_display()}, version {self.version}"

    @property
    def title(self) -> str:
        """Return how people choose it: "reminder, text message, firm, es"."""
        return f"{self.key.replace('-', ' ')}, {self.get_channel_display()}, {self.get_tone_display()}, {self.language}"

    @property
    def is_live(self) -> bool:
        return self.published_at is not None and self.retired_at is None


class OutgoingMessage(models.Model):
    """A message in the outbox, with the exact text. Its text is never changed; its state moves on and never back."""

    class State(models.TextChoices):
        QUEUED = "queued", "queued"
        SENDING = "sending", "being sent"
        SENT = "sent", "sent"
        REFUSED = "refused", "refused"
        CANCELLED = "cancelled", "cancelled"
        FAILED = "failed", "not sent"
        UNKNOWN = "unknown", "unknown"

    class Channel(models.TextChoices):
        SMS = "sms", "text message"
        EMAIL = "email", "e-mail"

    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="outgoing_messages")
    loan = models.ForeignKey(
        Loan, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="Empty: all their debts."
    )
    contact_point = models.ForeignKey(ContactPoint, on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(max_length=5, choices=Channel)
    purpose = models.CharField(max_length=10, choices=Purpose, default=Purpose.COLLECTION)
    template = models.ForeignKey(MessageTemplate, on_delete=models.PROTECT, related_name="messages")
    recommendation = models.ForeignKey(
        Recommendation, on_delete=models.PROTECT, null=True, blank=True, related_name="messages"
    )
    to_address = models.CharField(max_length=300, help_text="Where it goes, as it was when it was queued.")
    subject = models.CharField(max_length=300, blank=True)
    text = models.TextField(max_length=20_000, help_text="Exactly what is sent.")
    after_payment = models.BigIntegerField(
        null=True, blank=True, help_text="The last payment that was known: a later one stops the message."
    )
    queued_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="messages_queued")
    queued_at = _happened_field()
    not_before = models.DateTimeField(null=True, blank=True, help_text="Held back until then.")
    form_key = models.CharField(max_length=120, unique=True, null=True, blank=True)
    state = models.CharField(max_length=9, choices=State, default=State.QUEUED, db_default=State.QUEUED)
    dispatcher = models.IntegerField(null=True, blank=True, help_text="Who sends it; its lock says whether it lives.")
    reservation = models.OneToOneField(
        ContactReservation, on_delete=models.PROTECT, null=True, blank=True, related_name="message"
    )
    sending_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    provider_reference = models.CharField(max_length=200, blank=True, db_default="", default="")
    reason_code = models.CharField(max_length=40, blank=True, db_default="", default="")
    reason = models.CharField(max_length=1000, blank=True, db_default="", default="", help_text="Why it was not sent.")
    contact_event = models.OneToOneField(
        ContactEvent, on_delete=models.PROTECT, null=True, blank=True, related_name="message"
    )
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        help_text="Who cancelled it, or found out what had become of it.",
    )  # fmt: skip

    objects = OfBorrowerQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["queued", "sending", "sent", "refused", "cancelled", "failed", "unknown"]),
                name="message_state_is_known",
            ),
            models.CheckConstraint(condition=Q(channel__in=["sms", "email"]), name="message_channel_is_known"),
            models.CheckConstraint(condition=Q(purpose__in=["collection", "notice"]), name="message_purpose_is_known"),
            models.CheckConstraint(
                condition=~Q(text="") & ~Q(to_address=""), name="message_says_something_to_somebody"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["sending", "sent", "unknown"])
                | Q(reservation__isnull=False, dispatcher__isnull=False, sending_at__isnull=False),
                name="message_is_reserved_before_it_is_sent",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["refused", "failed", "unknown"]) | ~Q(reason=""), name="unsent_message_says_why"
            ),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(state="queued"), name="message_queued_idx"),
            models.Index(
                fields=["borrower", "channel"], condition=Q(state__in=["sending", "unknown"]), name="message_open_idx"
            ),
            models.Index(fields=["state", "-id"], name="message_state_idx"),
            models.Index(fields=["queued_by", "-id"], name="message_queued_by_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.pk}, {self.get_state_display()}"


class CallBack(models.Model):
    """That somebody asked to be called at a time of their own day. It is open until a later contact with them. Append-only."""

    contact_event = models.OneToOneField(ContactEvent, on_delete=models.PROTECT, related_name="call_back")
    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="call_backs")
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="call_backs"
    )
    due_at = models.DateTimeField()
    time_zone = models.CharField(max_length=40, help_text="The zone in which the time was said.")

    objects = OfBorrowerQuerySet.as_manager()

    class Meta:
        ordering = ["due_at", "id"]
        indexes = [models.Index(fields=["due_at"], name="call_back_due_idx")]

    def __str__(self) -> str:
        return f"call back {self.borrower_id} at {self.due_at:%Y-%m-%d %H:%M} UTC"

    @property
    def local_time(self) -> str:
        """Return the time that was agreed, as the borrower's clock shows it: "10:30"."""
        return f"{self.due_at.astimezone(ZoneInfo(self.time_zone)):%H:%M}"


class DiallerFile(models.Model):
    """A file of people who may be called now, for a dialler; each of its calls is reserved. Append-only."""

    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="dialler_files")
    created_at = _happened_field()
    as_of = models.DateField(help_text="The day whose recommendations it holds.")
    lease_until = models.DateTimeField(help_text="Until when its calls are reserved.")
    n_asked = models.PositiveIntegerField(help_text="Calls that were recommended and not made yet.")
    n_rows = models.PositiveIntegerField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"dialler file {self.pk} of {self.as_of}"


class DiallerEntry(models.Model):
    """One call of a dialler file. Append-only: what came of it is the contact that its reservation became."""

    file = models.ForeignKey(DiallerFile, on_delete=models.PROTECT, related_name="entries")
    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="+")
    reservation = models.OneToOneField(ContactReservation, on_delete=models.PROTECT, related_name="dialler_entry")
    contact_point = models.ForeignKey(ContactPoint, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=16, help_text="In E.164, such as +12125550123.")

    objects = OfBorrowerQuerySet.as_manager()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        return f"CP-{self.pk}"


class CallEvent(models.Model):
    """What a telephone system told about a call, as it came in. Append-only; the same event is taken once."""

    event_id = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=20)
    entry = models.ForeignKey(
        DiallerEntry, on_delete=models.PROTECT, null=True, blank=True, related_name="events", help_text="Of which call."
    )
    happened_at = models.DateTimeField()
    body = models.JSONField()
    body_sha256 = models.CharField(max_length=64)
    contact_event = models.ForeignKey(
        ContactEvent, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="What was recorded."
    )
    received_at = _happened_field()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.event_id}"


class InboundMessage(models.Model):
    """A message that a borrower sent, such as STOP, as it came in. Append-only; the same message is taken once."""

    message_id = models.CharField(max_length=120, unique=True)
    sender = models.CharField(max_length=40)
    text = models.TextField(max_length=4000, blank=True)
    borrower = models.ForeignKey(
        Borrower, on_delete=models.PROTECT, null=True, blank=True, related_name="inbound_messages",
        help_text="Who wrote it; empty where nobody or several people have that number.",
    )  # fmt: skip
    n_opted_out = models.PositiveIntegerField(help_text="Contact points for which it withdrew consent.")
    body_sha256 = models.CharField(max_length=64)
    received_at = _happened_field()

    objects = OfBorrowerQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"message {self.message_id}"


class IdentityCheck(models.Model):
    """That a caller was asked who they are, before any debt was named. Never holds what they answered. Append-only."""

    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="identity_checks")
    agent = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="identity_checks")
    number = models.CharField(max_length=40, blank=True, help_text="The number that called, as it was entered.")
    facts = ArrayField(models.CharField(max_length=20), help_text="What was asked for.")
    wrong = ArrayField(models.CharField(max_length=20), default=list, help_text="What did not fit the books.")
    is_passed = models.BooleanField()
    disclosure = models.TextField(blank=True, max_length=10_000, help_text="What had to be said then.")
    contact_event = models.OneToOneField(
        ContactEvent, on_delete=models.PROTECT, null=True, blank=True, related_name="identity_check"
    )
    checked_at = _happened_field()

    objects = OfBorrowerQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_passed=False) | Q(wrong=[], contact_event__isnull=False),
                name="passed_check_has_nothing_wrong_and_is_recorded",
            )
        ]
        indexes = [
            models.Index(fields=["borrower", "-checked_at"], name="identity_check_borrower_idx"),
            models.Index(fields=["agent", "-checked_at"], name="identity_check_agent_idx"),
        ]

    def __str__(self) -> str:
        return f"identity of {self.borrower_id}: {'passed' if self.is_passed else 'not passed'}"

    @property
    def open_event(self) -> ContactEvent | None:
        """Return the contact that it was recorded as, as long as nobody has written down what came of it."""
        return None if self.contact_event is None or hasattr(self.contact_event, "corrected_by") else self.contact_event
