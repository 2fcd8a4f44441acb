#!/usr/bin/env python
"""How many messages the outbox sends in a second and with how many queries, against one INSERT and one UPDATE a message.

Books of --rows borrowers are made in a database of their own, which is dropped at the end; each has one message due, half of
them e-mails (kept in memory), half text messages (thrown away). The floor inserts a row and updates it for each message, each
statement a transaction of its own, into a table without triggers: what noting "being sent" and "sent" costs at least.

    .venv/bin/python benchmarks/dispatch_messages.py --rows 200
"""

import argparse
import json
import os
import sys
import time
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "creditpath.settings")

import django

django.setup()

from django.core import mail
from django.db import connection
from django.test.utils import override_settings

from borrowers.models import Borrower, ContactPoint
from borrowers.services import set_business_date
from creditpath.accounts.models import Role, Team, User
from recovery.models import MessageTemplate, OutgoingMessage
from recovery.outreach.services import dispatch_messages

DAY = date(2026, 6, 30)
CHANNELS = {"email": ("email", "p{}@example.com"), "sms": ("phone", "+1212555{:04}")}


class NoSms:
    """Throw text messages away."""

    def send(self, message: OutgoingMessage) -> str:
        return f"none-{message.pk}"


class Counter:
    """Count statements."""

    n = 0

    def __call__(self, execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        self.n += 1
        return execute(sql, params, many, context)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--rows", type=int, default=200, metavar="N", help="messages (default 200)")
    options = parser.parse_args()
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        with override_settings(
            EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend", SMS_BACKEND=f"{__name__}.NoSms"
        ):
            measure(rows=options.rows)
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


def measure(*, rows: int) -> None:
    """Make the books, send what is due, and print the figures."""
    mail.outbox = []
    make_messages(rows)
    counter = Counter()
    with connection.execute_wrapper(counter):
        report = dispatch_messages(limit=rows)
    floor = measure_floor(rows)
    per_second = rows / report.seconds
    print(
        json.dumps(
            {
                "messages": rows,
                "counts": dict(report.counts),
                "queries_per_message": round(counter.n / rows, 2),
                "messages_per_second": round(per_second, 1),
                "floor_per_second": round(rows / floor, 1),
                "ratio": round(report.seconds / floor, 1),
            }
        )
    )


def make_messages(rows: int) -> None:
    """Queue one message for each of as many borrowers in New York, by turns e-mail and text message."""
    set_business_date(day=DAY, is_frozen=True)
    team = Team.objects.create(name="North")
    agent = User.objects.create_user("agent", role=Role.AGENT, team=team)
    people = Borrower.objects.bulk_create(
        Borrower(
            external_id=f"B{n}", full_name=f"Borrower {n}", team=team, jurisdiction="US-NY",
            time_zone="America/New_York", is_simulated=True,
        )
        for n in range(rows)
    )  # fmt: skip
    templates = {
        channel: MessageTemplate.objects.live().filter(channel=channel, language="en").order_by("id")[0]
        for channel in CHANNELS
    }
    ways = [(n, person, *list(CHANNELS.items())[n % 2]) for n, person in enumerate(people)]
    points = ContactPoint.objects.bulk_create(
        ContactPoint(borrower=person, kind=kind, value=form.format(n)) for n, person, _, (kind, form) in ways
    )
    OutgoingMessage.objects.bulk_create(
        OutgoingMessage(
            borrower=person, contact_point=point, channel=channel, purpose=templates[channel].purpose,
            template=templates[channel], to_address=point.value, subject="A message", text="Please call us.",
            queued_by=agent,
        )
        for (_, person, channel, _), point in zip(ways, points, strict=True)
    )  # fmt: skip


def measure_floor(rows: int) -> float:
    """Return the seconds of one INSERT and one UPDATE a message."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bare_message (id bigint PRIMARY KEY, state text NOT NULL, body text NOT NULL)")
        started = time.perf_counter()
        for number in range(rows):
            cursor.execute("INSERT INTO bare_message VALUES (%s, 'sending', %s)", [number, "Please call us." * 10])
            cursor.execute("UPDATE bare_message SET state = 'sent' WHERE id = %s", [number])
        return time.perf_counter() - started


if __name__ == "__main__":
    main()
