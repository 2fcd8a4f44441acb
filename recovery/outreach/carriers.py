"""What carries messages: Django's e-mail backend, and a class for text messages that the setting SMS_BACKEND names.

A carrier has `open()`, called before anything is taken from the outbox, and `send(message)`, which returns the provider's
reference. It raises NotSent only where it is certain that nothing went out; any other error leaves the message unknown.
"""

import smtplib
import sys
import uuid
from typing import Protocol

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import BadHeaderError, EmailMessage, get_connection, make_msgid
from django.utils.module_loading import import_string

from recovery.models import OutgoingMessage


class NotSent(Exception):
    """It is certain that the message did not go out; the text says why."""


class CarrierIsAway(Exception):
    """The carrier does not answer at all: nothing is taken from the outbox for it."""


class Carrier(Protocol):
    def open(self) -> None: ...

    def send(self, message: OutgoingMessage) -> str: ...

    def close(self) -> None: ...


class ConsoleSms:
    """Print text messages where the worker runs: what is there until a provider is named."""

    def send(self, message: OutgoingMessage) -> str:
        sys.stdout.write(f"Text message to {message.to_address}:\n{message.text}\n{'-' * 40}\n")
        sys.stdout.flush()
        return f"console-{uuid.uuid4().hex}"


class SmsCarrier:
    """The class of the setting SMS_BACKEND: send(message) is all that it needs."""

    def __init__(self) -> None:
        try:
            self.backend = import_string(settings.SMS_BACKEND)()
        except ImportError as error:
            raise ImproperlyConfigured(f"SMS_BACKEND names no class: {error}") from error

    def open(self) -> None:
        """Let a backend that can say whether its provider answers say so."""
        is_there = getattr(self.backend, "open", None)
        if is_there is not None:
            is_there()

    def send(self, message: OutgoingMessage) -> str:
        return str(self.backend.send(message) or "")[:200]

    def close(self) -> None:
        """Keep nothing open."""


class EmailCarrier:
    """Django's e-mail backend, one connection for a run."""

    def __init__(self) -> None:
        self.connection = get_connection()

    def open(self) -> None:
        try:
            self.connection.open()
        except (OSError, smtplib.SMTPException) as error:
            raise CarrierIsAway(f"the mail server does not answer: {error}") from error

    def send(self, message: OutgoingMessage) -> str:
        """Send one e-mail; what a server refuses before it takes the text is certain not to have gone out."""
        reference = make_msgid(domain="creditpath.invalid")
        email = EmailMessage(
            subject=message.subject, body=message.text, from_email=settings.DEFAULT_FROM_EMAIL, to=[message.to_address],
            connection=self.connection, headers={"Message-ID": reference},
        )  # fmt: skip
        try:
            n_sent = email.send()
        except (
            smtplib.SMTPRecipientsRefused,
            smtplib.SMTPSenderRefused,
            smtplib.SMTPDataError,
            BadHeaderError,
        ) as error:
            raise NotSent(f"the mail server refused it: {error}") from error
        if not n_sent:
            raise NotSent("the mail server took none of it")
        return reference

    def close(self) -> None:
        self.connection.close()


def open_carriers() -> tuple[dict[str, Carrier], dict[str, str]]:
    """Return the carriers that answer, by channel, and why the others do not."""
    ready: dict[str, Carrier] = {}
    away: dict[str, str] = {}
    for channel, kind in (("email", EmailCarrier), ("sms", SmsCarrier)):
        carrier: Carrier = kind()
        try:
            carrier.open()
        except CarrierIsAway as error:
            away[channel] = str(error)
        else:
            ready[channel] = carrier
    return ready, away
