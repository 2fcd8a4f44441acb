"""Write simulated blocks into the tables of the books through COPY, one being simulated while the other is written."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Model

from borrowers.models import AttributeDefinition, Product
from borrowers.simulation.blocks import Plan, simulate_block
from borrowers.simulation.copying import Chunk, copy_chunk, encode
from borrowers.simulation.lending import Calendar
from borrowers.simulation.parameters import Parameters
from borrowers.simulation.rows import TABLES, Frame, Staff, rows_of_block

Progress = Callable[[int, int, str], None]


@dataclass
class Written:
    """Rows by table, such as contact_events, and how many are of a kind, such as reversals."""

    tables: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Written") -> None:
        self.tables += other.tables
        self.kinds += other.kinds


@dataclass(frozen=True)
class Encoded:
    """A block, ready for COPY."""

    chunks: list[Chunk]
    written: Written


def write_blocks(
    plans: Sequence[Plan], *, calendar: Calendar, parameters: Parameters, staff: Staff, progress: Progress
) -> Written:
    """Write all blocks; the tables must be empty and locked by the caller's transaction.

    The next block is simulated and encoded in a thread while one is copied: memory holds two, whatever the number of loans.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        _keep_definitions()
        next_ids = {model: _next_id(cursor, model) for model in TABLES}
        encoder = BlockEncoder(
            products=_keep_products(parameters),
            calendar=calendar,
            parameters=parameters,
            staff=staff,
            next_ids=next_ids,
        )
        written = Written()
        for encoded in _one_ahead(map(encoder.encode, plans)):
            for chunk in encoded.chunks:
                copy_chunk(cursor, chunk)
            written.add(encoded.written)
            progress(written.tables["loans"], plans[-1].first_loan + len(plans[-1].borrower), "loans")
        for model, next_id in next_ids.items():
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence(%s, 'id'), %s, false)", [model._meta.db_table, next_id]
            )
        cursor.execute(f"ANALYZE {', '.join(connection.ops.quote_name(model._meta.db_table) for model in TABLES)}")
    return written


class BlockEncoder:
    """Simulates blocks and encodes their rows; `next_ids` moves on with every block."""

    def __init__(
        self, *, products: list[int], calendar: Calendar, parameters: Parameters, staff: Staff,
        next_ids: dict[type[Model], int],
    ) -> None:  # fmt: skip
        self.products, self.calendar, self.parameters, self.staff = products, calendar, parameters, staff
        self.next_ids = next_ids

    def encode(self, plan: Plan) -> Encoded:
        """Return a block's rows; touches no database."""
        block = simulate_block(
            plan, calendar=self.calendar, n_teams=len(self.staff.team_ids), parameters=self.parameters
        )
        frame = Frame(
            block=block,
            first_ids=self.next_ids,
            products=self.products,
            staff=self.staff,
            calendar=self.calendar,
            parameters=self.parameters,
        )
        chunks: list[Chunk] = []
        written = Written()
        n_rows: dict[type[Model], int] = {}
        for rows in rows_of_block(frame):
            n_rows[rows.model] = rows.n
            chunks += encode(rows.model, rows.columns, rows.n)
            written.tables[str(rows.model._meta.verbose_name_plural).replace(" ", "_")] = rows.n
            written.kinds.update(rows.kinds)
        for model, n in n_rows.items():
            self.next_ids[model] += n
        return Encoded(chunks, written)


def _one_ahead(items: Iterator[Encoded]) -> Iterator[Encoded]:
    """Yield items, the next one being made in a thread meanwhile."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        coming = pool.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = pool.submit(next, items, None)
            yield item


def _keep_products(parameters: Parameters) -> list[int]:
    return [
        Product.objects.get_or_create(
            code=terms.code, defaults={"name": terms.name, "tolerance_amount": Decimal(terms.tolerance_cents) / 100}
        )[0].id
        for terms in parameters.products
    ]


def _keep_definitions() -> None:
    """Say what the lender's own columns are."""
    entity, kind = AttributeDefinition.Entity, AttributeDefinition.Type
    for of, name, is_a, description in (
        (entity.BORROWER, "monthly_income", kind.INTEGER, "Simulated income a month when the first loan was asked for"),
        (entity.BORROWER, "occupation", kind.TEXT, "Simulated occupation"),
        (entity.LOAN, "purpose", kind.TEXT, "Simulated purpose"),
        (entity.LOAN, "term_months", kind.INTEGER, "Instalments of the first plan"),
    ):
        AttributeDefinition.objects.get_or_create(
            entity=of, name=name, defaults={"type": is_a, "description": description}
        )


def _next_id(cursor: Any, model: type[Model]) -> int:
    cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [model._meta.db_table])
    return int(cursor.fetchone()[0])
