"""What links two rows links what belongs together. Each is one join by primary key over the rows that have a link."""

from collections.abc import Iterator

from borrowers.invariants.asking import find
from creditpath.invariants import invariant


@invariant("a payment moves on from what was pending, with its loan and amount")
def payments_follow_their_own() -> Iterator[str]:
    yield from find("""
        SELECT format('entry %%s of %%s on loan %%s follows entry %%s of %%s on loan %%s, which was %%s',
            entry.id, entry.amount, entry.loan_id, earlier.id, earlier.amount, earlier.loan_id, earlier.status)
        FROM borrowers_payment AS entry
        JOIN borrowers_payment AS earlier ON earlier.id = entry.follows_id
        WHERE earlier.status NOT IN ('pending', 'in_clearing') OR entry.loan_id <> earlier.loan_id
            OR entry.amount <> earlier.amount OR entry.booked_at < earlier.booked_at
        ORDER BY entry.id
    """)


@invariant("only a cleared payment is reversed")
def only_cleared_payments_are_reversed() -> Iterator[str]:
    yield from find("""
        SELECT format('entry %%s reverses entry %%s, which is %%s', back.id, payment.id, payment.status)
        FROM borrowers_payment AS back
        JOIN borrowers_payment AS payment ON payment.id = back.reverses_id
        WHERE payment.status <> 'cleared'
        ORDER BY back.id
    """)


@invariant("a waiver takes back a whole charge of the same loan, not before it")
def waivers_take_back_charges() -> Iterator[str]:
    yield from find("""
        SELECT format('waiver %%s of %%s on loan %%s is of charge %%s of %%s on loan %%s',
            waiver.id, waiver.amount, waiver.loan_id, charge.id, charge.amount, charge.loan_id)
        FROM borrowers_charge AS waiver
        JOIN borrowers_charge AS charge ON charge.id = waiver.waives_id
        WHERE waiver.loan_id <> charge.loan_id OR waiver.amount <> -charge.amount OR charge.waives_id IS NOT NULL
            OR waiver.effective_on < charge.effective_on OR waiver.booked_at < charge.booked_at
        ORDER BY waiver.id
    """)


@invariant("a revocation takes back an event of the same loan, not before it")
def revocations_take_back_events() -> Iterator[str]:
    yield from find("""
        SELECT format('revocation %%s on loan %%s is of event %%s on loan %%s (%%s)',
            revocation.id, revocation.loan_id, event.id, event.loan_id, event.kind)
        FROM borrowers_loanevent AS revocation
        JOIN borrowers_loanevent AS event ON event.id = revocation.revokes_id
        WHERE revocation.loan_id <> event.loan_id OR event.kind = 'revoked'
            OR revocation.effective_on < event.effective_on OR revocation.booked_at < event.booked_at
        ORDER BY revocation.id
    """)


@invariant("a statement is of a revolving account")
def statements_are_of_revolving_accounts() -> Iterator[str]:
    yield from find("""
        SELECT format('loan %%s is no revolving account and has %%s statements', loan.external_id, count(*))
        FROM borrowers_statement AS statement
        JOIN borrowers_loan AS loan ON loan.id = statement.loan_id
        JOIN borrowers_product AS product ON product.id = loan.product_id
        WHERE product.kind <> 'revolving'
        GROUP BY loan.id
        ORDER BY loan.id
    """)


@invariant("nobody stands beside themselves: a party to a loan is not its borrower")
def parties_are_other_people() -> Iterator[str]:
    yield from find("""
        SELECT format('borrower %%s of loan %%s is also its %%s', loan.borrower_id, loan.external_id, party.role)
        FROM borrowers_loanparty AS party
        JOIN borrowers_loan AS loan ON loan.id = party.loan_id
        WHERE party.person_id = loan.borrower_id
        ORDER BY party.id
    """)


@invariant("a correction of a contact is about the same borrower")
def corrections_are_about_the_same_borrower() -> Iterator[str]:
    yield from find("""
        SELECT format('contact %%s with borrower %%s corrects contact %%s with borrower %%s',
            event.id, event.borrower_id, earlier.id, earlier.borrower_id)
        FROM borrowers_contactevent AS event
        JOIN borrowers_contactevent AS earlier ON earlier.id = event.corrects_id
        WHERE event.borrower_id <> earlier.borrower_id
        ORDER BY event.id
    """)
