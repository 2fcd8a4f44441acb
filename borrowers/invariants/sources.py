"""Where the books come from and stand: imports and closes. Each reads one small table."""

from collections.abc import Iterator

from borrowers.importing.kinds import KINDS
from borrowers.invariants.asking import find
from creditpath.invariants import invariant


@invariant("an import that was published has ended, and rejected no more than it read")
def imports_add_up() -> Iterator[str]:
    yield from find("""
        SELECT format('import %%s (%%s): %%s read, %%s rejected, ended %%s', id, source_name, n_read, n_rejected, finished_at)
        FROM borrowers_importrun
        WHERE state = 'published'
            AND (finished_at IS NULL OR n_rejected > n_read OR least(n_read, n_rejected) < 0)
        ORDER BY id
    """)


@invariant("no row that an import says it created is missing")
def imported_rows_are_there() -> Iterator[str]:
    """Cost: one count per table that imports write."""
    others = [(kind.reported, kind.table) for kind in KINDS.values() if kind.table]
    yield from find(
        """
        WITH said AS (
            SELECT entry.key AS name, sum((entry.value ->> 'created')::bigint) AS n
            FROM borrowers_importrun AS run
            CROSS JOIN LATERAL jsonb_each(run.tables) AS entry
            WHERE run.state = 'published' AND jsonb_typeof(entry.value) = 'object'
            GROUP BY entry.key
        ),
        kept AS (
            SELECT 'borrowers' AS name, count(*) AS n FROM borrowers_borrower
            UNION ALL SELECT 'loans', count(*) FROM borrowers_loan
            UNION ALL SELECT 'instalments', count(*) FROM borrowers_instalment
            UNION ALL SELECT 'payments', count(*) FROM borrowers_payment
            UNION ALL SELECT 'contact_points', count(*) FROM borrowers_contactpoint
            UNION ALL SELECT 'parties', count(*) FROM borrowers_loanparty
            {{others}}
        )
        SELECT format('imports say they created %%s %%s, there are %%s', said.n, kept.name, kept.n)
        FROM said JOIN kept ON kept.name = said.name AND kept.n < said.n
        ORDER BY kept.name
    """,
        others=" ".join(f"UNION ALL SELECT '{name}', count(*) FROM {table}" for name, table in others),  # noqa: S608
    )


@invariant("a closed day has every step done or skipped")
def closed_days_are_whole() -> Iterator[str]:
    yield from find("""
        SELECT format('%%s is closed, and its step %%s is %%s', closed.day, step.name, step.state)
        FROM borrowers_dayclose AS closed
        JOIN borrowers_closingstep AS step ON step.close_id = closed.id
        WHERE closed.state = 'done' AND step.state NOT IN ('done', 'skipped')
        ORDER BY closed.day, step.position
    """)


@invariant("no business day between two closed ones was left out")
def no_day_is_left_out() -> Iterator[str]:
    """Books that came in between may have moved the date further."""
    yield from find("""
        SELECT format('%%s was closed after %%s', closed.day, closed.before)
        FROM (
            SELECT day, started_at, lag(day) OVER earlier AS before, lag(finished_at) OVER earlier AS before_at
            FROM borrowers_dayclose
            WHERE state = 'done'
            WINDOW earlier AS (ORDER BY day)
        ) AS closed
        WHERE closed.day > closed.before + 1
            AND NOT EXISTS (
                SELECT FROM borrowers_importrun
                WHERE state = 'published' AND finished_at BETWEEN closed.before_at AND closed.started_at
            )
        ORDER BY closed.day
    """)


@invariant("the books do not stand before the last closed day")
def books_stand_at_or_after_the_last_close() -> Iterator[str]:
    yield from find("""
        SELECT format('%%s is closed, the books stand at %%s', max(closed.day), today.day)
        FROM borrowers_dayclose AS closed CROSS JOIN borrowers_businessdate AS today
        WHERE closed.state = 'done'
        GROUP BY today.day
        HAVING max(closed.day) > today.day
    """)
