"""The two clocks of every entry. Each is one pass over the tables that have them, without a join but for the last."""

from collections.abc import Iterator

from django.conf import settings

from borrowers.invariants.asking import find
from creditpath.invariants import invariant

ENTRIES = (
    "balancesnapshot", "charge", "collateral", "consent", "contactevent", "loan", "loanevent", "payment", "promise",
    "scheduleversion", "statement",
)  # fmt: skip
# What has happened by the day it counts from. A schedule may be agreed ahead, a payment that is not cleared be announced.
HAPPENED = {
    "balancesnapshot": "as_of", "charge": "effective_on", "contactevent": "effective_on", "loanevent": "effective_on",
    "payment": "effective_on", "promise": "made_on", "statement": "stated_on",
}  # fmt: skip
CLOCKS_DIFFER_BY = "5 minutes"  # of the machines that stamp entries


@invariant("nothing was booked in the future")
def nothing_is_booked_in_the_future() -> Iterator[str]:
    """Frozen books stand at their own day, wherever the clock on the wall is."""
    for table in ENTRIES:
        yield from find(
            """
            SELECT format('%%s {{table}} rows, such as %%s, are booked as late as %%s', count(*), min(id), max(booked_at))
            FROM borrowers_{{table}}
            WHERE booked_at > greatest(
                clock_timestamp() + %(tolerance)s::interval,
                (
                    SELECT (day + 1)::timestamp AT TIME ZONE %(zone)s FROM borrowers_businessdate WHERE is_frozen
                )
            )
            HAVING count(*) > 0
            """,
            table=table,
            tolerance=CLOCKS_DIFFER_BY,
            zone=settings.TIME_ZONE,
        )


@invariant("nothing counts from a day that the books have not reached")
def nothing_counts_from_days_to_come() -> Iterator[str]:
    """A day that is not closed yet has entries of its own until midnight: today's are no finding."""
    for table, clock in HAPPENED.items():
        is_announced = "AND status IN ('cleared', 'returned')" if table == "payment" else ""
        yield from find(
            """
            SELECT format('%%s {{table}} rows, such as %%s, count from as late as %%s', count(*), min(id), max({{clock}}))
            FROM borrowers_{{table}}
            WHERE {{clock}} > (
                SELECT CASE
                    WHEN is_frozen THEN day ELSE greatest(day, (clock_timestamp() AT TIME ZONE %(zone)s)::date)
                END
                FROM borrowers_businessdate
            ) {{is_announced}}
            HAVING count(*) > 0
            """,
            table=table,
            clock=clock,
            is_announced=is_announced,
            zone=settings.TIME_ZONE,
        )


@invariant("a consent was not on record before it was given")
def consents_are_booked_after_they_were_given() -> Iterator[str]:
    yield from find(
        """
        SELECT format('consent %%s of %%s was booked at %%s', id, happened_at, booked_at)
        FROM borrowers_consent
        WHERE booked_at + %(tolerance)s::interval < happened_at
        ORDER BY id
        """,
        tolerance=CLOCKS_DIFFER_BY,
    )


@invariant("no payment or charge counts from before its loan was approved")
def entries_come_after_approval() -> Iterator[str]:
    for table in ("payment", "charge"):
        yield from find(
            """
            SELECT format('{{table}} %%s counts from %%s, loan %%s was approved on %%s',
                entry.id, entry.effective_on, loan.external_id, loan.approved_on)
            FROM borrowers_{{table}} AS entry
            JOIN borrowers_loan AS loan ON loan.id = entry.loan_id
            WHERE entry.effective_on < loan.approved_on
            ORDER BY entry.id
        """,
            table=table,
        )
