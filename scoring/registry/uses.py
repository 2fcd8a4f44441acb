"""What models of each purpose are for, what they are not for, and how much depends on them."""

from scoring.models import Materiality, Purpose

USES = {
    Purpose.DEFAULT.value: (
        "To order the work of collections and to choose how a borrower who already owes is treated, by the probability that "
        "the loan is 91 or more days past due within the horizon. Not for origination, pricing or limits: it knows borrowers as "
        "they were after approval and under the treatment of that time."
    ),
    Purpose.PAYS_30.value: (
        "To tell borrowers who will pay within 30 days without more being done from those who will not. Not for origination, "
        "and not as a measure of what a call achieves: it learned from borrowers as they were treated."
    ),
}
OF_ATTRIBUTE = (
    "To order loans by an outcome that the lender has labelled, as known at approval. Before it is used for origination the "
    "rejected applicants it has never seen have to be thought of."
)
OF_TABLE = "To score tables of the same columns through score_table. It never becomes the champion of the ledger."


def intended_use_of(purpose: str) -> str:
    """Return what a model of a purpose is for where nobody says otherwise."""
    return USES.get(purpose, OF_TABLE if purpose.startswith("table:") else OF_ATTRIBUTE)


def materiality_of(purpose: str) -> str:
    """Return how much depends on a model of a purpose: what decides about treatment is of high materiality."""
    if purpose == Purpose.DEFAULT:
        return Materiality.HIGH.value
    return Materiality.LOW.value if purpose.startswith("table:") else Materiality.MEDIUM.value
