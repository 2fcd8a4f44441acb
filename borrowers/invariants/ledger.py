"""What must always be true of loans and their ledger. Each is one query; the first reads the whole ledger."""

from collections.abc import Iterator

from django.conf import settings

from borrowers.invariants.asking import find
from creditpath.invariants import invariant

APPEND_ONLY_TABLES = (
    "borrowers_balancesnapshot",
    "borrowers_charge",
    "borrowers_collateral",
    "borrowers_consent",
    "borrowers_contactevent",
    "borrowers_instalment",
    "borrowers_loanevent",
    "borrowers_monthendsnapshot",
    "borrowers_payment",
    "borrowers_promise",
    "borrowers_reconciliation",
    "borrowers_reconciliationdifference",
    "borrowers_scheduleversion",
    "borrowers_statement",
)

# Figures of past days are left out: which entries were known when they were refreshed cannot be told from the row.
DISAGREEING_FIGURES = """
    WITH kept AS (
        SELECT delinquency.* FROM borrowers_delinquency AS delinquency
        JOIN borrowers_businessdate AS today ON today.day = delinquency.as_of
    ),
    asked AS (
        SELECT
            array_agg(loan_id) AS loans,
            array_agg(as_of) AS days,
            array_agg(
                greatest(refreshed_at, (as_of + 1)::timestamp AT TIME ZONE %(zone)s - interval '1 microsecond')
            ) AS knowns
        FROM kept
    ),
    figure AS (
        SELECT figure.* FROM asked, delinquency_of(asked.loans, asked.days, asked.knowns) AS figure
    )
    SELECT format(
        'loan %%s: kept %%s days, %%s overdue, %%s outstanding; the ledger says %%s, %%s, %%s',
        loan.external_id, kept.days_past_due, kept.overdue_amount, kept.outstanding_amount,
        figure.days_past_due, figure.overdue_amount, figure.outstanding_amount
    )
    FROM kept
    JOIN borrowers_loan AS loan ON loan.id = kept.loan_id
    LEFT JOIN figure ON figure.loan_id = kept.loan_id
    WHERE (
        kept.days_past_due, kept.bucket, kept.is_flagged, kept.instalments_past_due, kept.oldest_unpaid_due_on,
        kept.overdue_amount, kept.overdue_principal_amount, kept.outstanding_principal_amount, kept.outstanding_amount,
        kept.paid_amount, kept.in_flight_amount, kept.last_paid_on, kept.last_paid_amount, kept.next_due_on,
        kept.next_due_amount, kept.is_placed, kept.is_bankrupt, kept.measured_on
    ) IS DISTINCT FROM (
        figure.days_past_due, figure.bucket, figure.is_flagged, figure.instalments_past_due, figure.oldest_unpaid_due_on,
        figure.overdue_amount, figure.overdue_principal_amount, figure.outstanding_principal_amount,
        figure.outstanding_amount, figure.paid_amount, figure.in_flight_amount, figure.last_paid_on,
        figure.last_paid_amount, figure.next_due_on, figure.next_due_amount, figure.is_placed, figure.is_bankrupt,
        figure.measured_on
    )
    ORDER BY loan.id
"""


@invariant("the kept days past due and balances are what the ledger says")
def figures_agree_with_ledger() -> Iterator[str]:
    yield from find(DISAGREEING_FIGURES, zone=settings.TIME_ZONE)


@invariant("every loan has instalments, statements or snapshots")
def loans_have_something_due() -> Iterator[str]:
    yield from find("""
        SELECT format('loan %%s has none', loan.external_id) FROM borrowers_loan AS loan
        WHERE NOT EXISTS (SELECT FROM borrowers_instalment AS instalment WHERE instalment.loan_id = loan.id)
            AND NOT EXISTS (SELECT FROM borrowers_statement AS statement WHERE statement.loan_id = loan.id)
            AND NOT EXISTS (SELECT FROM borrowers_balancesnapshot AS snapshot WHERE snapshot.loan_id = loan.id)
        ORDER BY loan.id
    """)


@invariant("the first schedule of a loan repays its principal")
def first_schedule_repays_principal() -> Iterator[str]:
    yield from find("""
        SELECT format('loan %%s of %%s is repaid by %%s', loan.external_id, loan.principal_amount, sum(part.principal_amount))
        FROM borrowers_loan AS loan
        JOIN borrowers_scheduleversion AS schedule ON schedule.loan_id = loan.id AND schedule.version = 1
        JOIN borrowers_instalment AS part ON part.schedule_id = schedule.id
        GROUP BY loan.id
        HAVING sum(part.principal_amount) <> loan.principal_amount
        ORDER BY loan.id
    """)


@invariant("an instalment belongs to the loan of its schedule")
def instalments_belong_to_their_loan() -> Iterator[str]:
    yield from find("""
        SELECT format('instalment %%s is of loan %%s, its schedule of %%s', part.id, part.loan_id, schedule.loan_id)
        FROM borrowers_instalment AS part
        JOIN borrowers_scheduleversion AS schedule ON schedule.id = part.schedule_id
        WHERE schedule.loan_id <> part.loan_id
    """)


@invariant("a reversal negates a payment of the same loan, not before it")
def reversals_negate_payments() -> Iterator[str]:
    yield from find("""
        SELECT format('entry %%s of %%s reverses entry %%s of %%s', back.id, back.amount, payment.id, payment.amount)
        FROM borrowers_payment AS back
        JOIN borrowers_payment AS payment ON payment.id = back.reverses_id
        WHERE back.loan_id <> payment.loan_id OR back.amount <> -payment.amount OR payment.reverses_id IS NOT NULL
            OR back.effective_on < payment.effective_on OR back.booked_at < payment.booked_at
    """)


@invariant("a contact is about a loan of the borrower who was contacted")
def contacts_are_about_own_loans() -> Iterator[str]:
    yield from find("""
        SELECT format('contact %%s with borrower %%s is about loan %%s', contact.id, contact.borrower_id, loan.external_id)
        FROM borrowers_contactevent AS contact
        JOIN borrowers_loan AS loan ON loan.id = contact.loan_id
        WHERE loan.borrower_id <> contact.borrower_id
    """)


@invariant("books with loans have a business date")
def loans_have_a_business_date() -> Iterator[str]:
    yield from find("""
        SELECT 'there are loans and no business date'
        WHERE EXISTS (SELECT FROM borrowers_loan) AND NOT EXISTS (SELECT FROM borrowers_businessdate)
    """)


@invariant("the database refuses changes to the ledger")
def ledger_is_guarded() -> Iterator[str]:
    yield from find(
        """
        SELECT format('%%s is not guarded', guarded) FROM unnest(%(tables)s::text[]) AS guarded
        WHERE NOT EXISTS (
            SELECT FROM pg_trigger
            WHERE tgrelid = guarded::regclass AND tgname = guarded || '_is_append_only' AND tgenabled IN ('O', 'A')
        )
        """,
        tables=list(APPEND_ONLY_TABLES),
    )
