"""What must always be true of the work."""

from collections.abc import Iterator

from django.db import connection

from creditpath.invariants import invariant


def _lines(sql: str) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        for (line,) in cursor:
            yield line


@invariant("a recommendation is about a loan of its borrower")
def loans_belong_to_their_borrowers() -> Iterator[str]:
    yield from _lines(
        "SELECT format('recommendation %s: loan %s is of borrower %s, not %s', r.id, r.loan_id, l.borrower_id, r.borrower_id)"
        " FROM recovery_recommendation r JOIN borrowers_loan l ON l.id = r.loan_id WHERE l.borrower_id <> r.borrower_id"
    )


@invariant("a recommended action is one of its eligible ones")
def actions_were_eligible() -> Iterator[str]:
    yield from _lines(
        "SELECT format('recommendation %s: %s was not eligible', id, action) FROM recovery_recommendation"
        " WHERE NOT eligible_actions ? action"
    )


@invariant("a worklist item is of the day of its recommendation")
def items_are_of_their_day() -> Iterator[str]:
    yield from _lines(
        "SELECT format('worklist item %s of %s is for a recommendation of %s', i.id, i.as_of, r.as_of)"
        " FROM recovery_worklistitem i JOIN recovery_recommendation r ON r.id = i.recommendation_id"
        " WHERE i.as_of <> r.as_of"
    )


@invariant("a promise is on a loan of the borrower who was contacted")
def promises_are_of_who_was_contacted() -> Iterator[str]:
    yield from _lines(
        "SELECT format('promise %s is on loan %s, its contact was with borrower %s', p.id, p.loan_id, e.borrower_id)"
        " FROM borrowers_promise p JOIN borrowers_contactevent e ON e.id = p.contact_event_id"
        " JOIN borrowers_loan l ON l.id = p.loan_id WHERE l.borrower_id <> e.borrower_id"
    )
