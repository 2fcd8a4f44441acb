"""Sums and kept figures, found by another way than the one that made them where there is one."""

from collections.abc import Iterator

from django.conf import settings

from borrowers.invariants.asking import find
from creditpath.invariants import invariant, is_full

LOANS_IN_SAMPLE = 2_000  # spread over the books; others each time, so that every loan's turn comes

# A write-off may be dated back: then its bucket differs from what was known, and nothing else is compared.
DISAGREEING_MONTH_ENDS = """
    WITH chosen AS MATERIALIZED (
        SELECT snapshot.* FROM borrowers_monthendsnapshot AS snapshot
        WHERE %(loans)s::bigint[] IS NULL OR snapshot.loan_id = ANY (%(loans)s::bigint[])
    ),
    asked AS (
        SELECT array_agg(loan_id ORDER BY id) AS loans, array_agg(as_of ORDER BY id) AS days,
            array_agg(known_at ORDER BY id) AS knowns
        FROM chosen
    ),
    figure AS (
        SELECT figure.* FROM asked, delinquency_of(asked.loans, asked.days, asked.knowns) AS figure
    )
    SELECT format(
        'loan %%s at %%s: kept %%s days, %%s overdue, %%s outstanding; as known then %%s, %%s, %%s',
        loan.external_id, kept.as_of, kept.days_past_due, kept.overdue_amount, kept.outstanding_amount,
        figure.days_past_due, figure.overdue_amount, figure.outstanding_amount
    )
    FROM chosen AS kept
    JOIN borrowers_loan AS loan ON loan.id = kept.loan_id
    LEFT JOIN figure ON figure.loan_id = kept.loan_id AND figure.as_of = kept.as_of
    WHERE (
            kept.days_past_due, kept.overdue_amount, kept.outstanding_principal_amount, kept.outstanding_amount,
            kept.paid_amount, kept.last_paid_on
        ) IS DISTINCT FROM (
            figure.days_past_due, figure.overdue_amount, figure.outstanding_principal_amount,
            figure.outstanding_amount, figure.paid_amount, figure.last_paid_on
        )
    ORDER BY kept.as_of, loan.id
"""


@invariant("a month end's snapshot is what was known at that month end")
def month_ends_stay_what_they_were() -> Iterator[str]:
    """Compute snapshots anew: all of them with --full, at the cost of a refresh each, else those of LOANS_IN_SAMPLE loans."""
    loans = None
    if not is_full():
        (loans,) = find(
            """
            SELECT coalesce(array_agg(DISTINCT loan.id), '{}')
            FROM (SELECT max(id) AS last FROM borrowers_loan) AS books
            CROSS JOIN LATERAL (
                SELECT (random() * books.last)::bigint AS number FROM generate_series(1, %(n)s)
            ) AS drawn
            CROSS JOIN LATERAL (
                SELECT id FROM borrowers_loan WHERE id >= drawn.number ORDER BY id LIMIT 1
            ) AS loan
            """,
            n=LOANS_IN_SAMPLE,
        )
    yield from find(DISAGREEING_MONTH_ENDS, loans=loans)


@invariant("what was paid on a loan is the sum of its cleared payments")
def paid_is_the_sum_of_payments() -> Iterator[str]:
    """Cost: one aggregate over the payments."""
    yield from find(
        """
        SELECT format('loan %%s: kept %%s, the payments add up to %%s',
            loan.external_id, kept.paid_amount, coalesce(paid.amount, 0))
        FROM borrowers_delinquency AS kept
        JOIN borrowers_businessdate AS today ON today.day = kept.as_of
        JOIN borrowers_loan AS loan ON loan.id = kept.loan_id AND loan.bookkeeping = 'ledger'
        LEFT JOIN (
            SELECT payment.loan_id, sum(payment.amount) AS amount
            FROM borrowers_payment AS payment
            JOIN borrowers_delinquency AS kept ON kept.loan_id = payment.loan_id
            WHERE payment.status = 'cleared'
                AND payment.effective_on <= kept.as_of
                AND payment.booked_at <= greatest(
                    kept.refreshed_at, (kept.as_of + 1)::timestamp AT TIME ZONE %(zone)s - interval '1 microsecond'
                )
            GROUP BY payment.loan_id
        ) AS paid ON paid.loan_id = kept.loan_id
        WHERE kept.paid_amount <> coalesce(paid.amount, 0)
        ORDER BY loan.id
        """,
        zone=settings.TIME_ZONE,
    )


@invariant("kept figures add up: overdue is part of outstanding, principal part of both")
def figures_are_parts_of_each_other() -> Iterator[str]:
    for table in ("delinquency", "monthendsnapshot"):
        yield from find(
            """
            SELECT format('loan %%s at %%s: %%s overdue (%%s principal) of %%s outstanding (%%s principal)',
                loan_id, as_of, overdue_amount, overdue_principal_amount, outstanding_amount, outstanding_principal_amount)
            FROM borrowers_{{table}}
            WHERE overdue_amount > outstanding_amount
                OR overdue_principal_amount > overdue_amount
                OR outstanding_principal_amount > outstanding_amount
                OR overdue_principal_amount > outstanding_principal_amount
            ORDER BY loan_id, as_of
        """,
            table=table,
        )


@invariant("the schedule versions of a loan are numbered without gaps")
def schedule_versions_have_no_gaps() -> Iterator[str]:
    yield from find("""
        SELECT format('loan %%s has %%s schedule versions, the highest is %%s', loan_id, count(*), max(version))
        FROM borrowers_scheduleversion
        GROUP BY loan_id
        HAVING max(version) <> count(*)
        ORDER BY loan_id
    """)


@invariant("the plan kept of a schedule is the sum of its instalments")
def plans_are_the_sums_of_instalments() -> Iterator[str]:
    """Cost: one sort of the instalments."""
    yield from find("""
        SELECT format('schedule version %%s of loan %%s', schedule.version, loan.external_id)
        FROM (
            SELECT
                schedule_id, array_agg(due_on ORDER BY due_on, number) AS due_on,
                array_agg((due * 100)::bigint ORDER BY due_on, number) AS due_cents,
                array_agg((principal * 100)::bigint ORDER BY due_on, number) AS principal_cents,
                (min(principal_amount + interest_amount) * 100)::bigint AS smallest_cents
            FROM (
                SELECT
                    instalment.*, sum(principal_amount) OVER in_turn AS principal,
                    sum(principal_amount + interest_amount + fee_amount) OVER in_turn AS due
                FROM borrowers_instalment AS instalment
                WINDOW in_turn AS (PARTITION BY schedule_id ORDER BY due_on, number ROWS UNBOUNDED PRECEDING)
            ) AS line
            GROUP BY schedule_id
        ) AS whole
        FULL JOIN borrowers_scheduleplan AS plan ON plan.schedule_id = whole.schedule_id
        JOIN borrowers_scheduleversion AS schedule ON schedule.id = coalesce(whole.schedule_id, plan.schedule_id)
        JOIN borrowers_loan AS loan ON loan.id = schedule.loan_id
        WHERE (plan.due_on, plan.due_cents, plan.principal_cents, plan.smallest_cents)
            IS DISTINCT FROM (whole.due_on, whole.due_cents, whole.principal_cents, whole.smallest_cents)
        ORDER BY loan.id, schedule.version
    """)
