"""One batch at a time for a purpose and a day, held by the database session so that a killed run lets go."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from zlib import crc32

from django.db import DatabaseError, connection

from scoring.errors import RunUnderWay
from scoring.models import ScoringRun
from scoring.querysets import heavy_fields

BATCH = 0x53434F52  # "SCOR": the class of our advisory locks


@contextmanager
def only_batch(*, purpose: str, as_of: date) -> Iterator[None]:
    """Hold the lock of a purpose and a day; raises RunUnderWay, naming the run that holds it."""
    key = crc32(f"{purpose} {as_of}".encode()) - 2**31
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [BATCH, key])
        if not cursor.fetchone()[0]:
            raise RunUnderWay(_name_first(purpose=purpose, as_of=as_of))
    try:
        yield
    finally:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [BATCH, key])
        except DatabaseError:
            connection.close()  # a broken session keeps its locks until it ends


def is_batch_under_way() -> bool:
    """Say whether any session holds the lock of a batch, of whatever purpose and day."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objsubid = 2 AND granted "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))",
            [BATCH],
        )
        return bool(cursor.fetchone()[0])


def _name_first(*, purpose: str, as_of: date) -> str:
    first = (
        ScoringRun.objects.filter(
            model__purpose=purpose, as_of=as_of, kind=ScoringRun.Kind.BATCH, published_at__isnull=True
        )
        .select_related("model")
        .defer(*heavy_fields("model"))
        .first()
    )
    if first is None:
        return f"Another run for {purpose} as of {as_of} has just begun."
    return f"Run {first.pk} of {first.model.name} as of {as_of}, begun at {first.started_at:%H:%M:%S} UTC, is still under way."
