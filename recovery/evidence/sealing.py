"""Put what was done into the chains of evidence, each row once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from borrowers.models import Borrower
from creditpath.sql import load_statements
from recovery.evidence.sources import SOURCES
from recovery.models import EvidenceSeal

BATCH = 50_000  # rows of a seal
LOCK = 0x6576_6964  # of pg_advisory_xact_lock: one sealing at a time

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class SealReport:
    """What a sealing did."""

    n_sealed: int
    last_seal: EvidenceSeal | None

    def summary(self) -> str:
        if self.last_seal is None:
            return "Nothing is sealed yet: nothing was done with any borrower."
        digest = bytes(self.last_seal.sha256).hex()
        return f"Sealed {self.n_sealed:,} events. Seal {self.last_seal.pk} ends with {digest}."

    def as_json(self) -> dict[str, Any]:
        seal = self.last_seal
        return {"sealed": self.n_sealed, "seal": seal and seal.pk, "sha256": seal and bytes(seal.sha256).hex()}


def seal_evidence(*, batch: int = BATCH, progress: Progress = lambda done, total, message: None) -> SealReport:
    """Seal all that waits and say with which digest it ends.

    Each batch is a transaction of its own: killed, what is sealed stays sealed and the rest waits. Set-based; cost is that of
    the rows that wait. Source of the rule: 12 CFR 1006.100 asks for records that prove compliance.
    """
    n_sealed = 0
    with connection.cursor() as cursor:
        cursor.execute(load_statements("recovery", "evidence/seal.sql")["waiting"])
        waiting = dict(cursor.fetchall())
    total = sum(waiting.values())
    while left := sum(waiting.values()):
        progress(total - left, total, "sealing evidence")
        n_sealed += _seal_batch(waiting, batch)
    return SealReport(n_sealed, EvidenceSeal.objects.first())


@transaction.atomic
def seal_borrower(borrower: Borrower) -> int:
    """Seal all of one borrower that is not sealed yet, so that a pack is whole, and return how many events that were."""
    with connection.cursor() as cursor:
        statements = _begin(cursor)
        for source in SOURCES:
            cursor.execute(
                statements["take_of_borrower"].format(rows=source.rows),
                {"source": source.name, "borrower": borrower.pk},
            )
        return _link(cursor, statements)


@transaction.atomic
def _seal_batch(waiting: dict[str, int], batch: int) -> int:
    """Seal up to `batch` rows, source after source, and take them off what waits."""
    with connection.cursor() as cursor:
        statements = _begin(cursor)
        room = batch
        for source in SOURCES:
            if not waiting.get(source.name) or room <= 0:
                continue
            taken = min(room, waiting[source.name])
            cursor.execute(statements["take"].format(rows=source.rows), {"source": source.name, "limit": taken})
            waiting[source.name] -= taken
            room -= taken
        for name in waiting.keys() - {source.name for source in SOURCES}:
            waiting[name] = 0
        return _link(cursor, statements)


def _begin(cursor: CursorWrapper) -> dict[str, str]:
    statements = load_statements("recovery", "evidence/seal.sql")
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    cursor.execute("SET LOCAL timezone TO 'UTC'")
    cursor.execute(statements["begin"])
    return statements


def _link(cursor: CursorWrapper, statements: dict[str, str]) -> int:
    cursor.execute("ANALYZE sealing")
    cursor.execute("SELECT nextval(pg_get_serial_sequence('recovery_evidenceseal', 'id'))")
    (seal,) = cursor.fetchone()
    cursor.execute(statements["link"], {"seal": seal})
    sealed = cursor.fetchone()
    cursor.execute("DROP TABLE sealing")
    return sealed[0] if sealed else 0
