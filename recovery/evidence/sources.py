"""Of which rows evidence consists; what of them is a fact and what personal text is in sql/evidence/sources.sql."""

from dataclasses import dataclass

from creditpath.sql import load_statements


@dataclass(frozen=True)
class Source:
    """One kind of event: its words, the table of its rows, and which of their columns hold personal text."""

    name: str
    words: str
    table: str
    texts: tuple[str, ...] = ()

    @property
    def rows(self) -> str:
        """Return the SELECT of all its rows: id, borrower_id, happened_at, is_activity, facts, texts."""
        return load_statements("recovery", "evidence/sources.sql")[self.name]


SOURCES = (
    Source("contact", "contact", "borrowers_contactevent", ("note", "text_sent")),
    Source("attempt", "attempt reserved", "recovery_contactreservation"),
    Source("attempt-end", "attempt made", "recovery_contactreservation"),
    Source("block", "attempt refused", "recovery_contactblock"),
    Source("consent", "consent", "borrowers_consent"),
    Source("hold", "hold", "recovery_hold", ("reason",)),
    Source("notice", "validation notice", "recovery_validationnotice", ("text",)),
    Source("message", "message written", "recovery_outgoingmessage", ("to_address", "subject", "text")),
    Source("message-end", "message ended", "recovery_outgoingmessage"),
    Source("incoming", "message from the borrower", "recovery_inboundmessage", ("sender", "text")),
    Source("identity", "identity check", "recovery_identitycheck", ("number",)),
    Source("call-back", "call-back agreed", "recovery_callback"),
    Source("promise", "promise", "borrowers_promise"),
    Source("loan-event", "event of the loan", "borrowers_loanevent", ("note",)),
    Source("grievance", "dispute or complaint", "recovery_grievance", ("text",)),
    Source("grievance-answer", "answer to it", "recovery_grievanceanswer", ("text", "cause")),
    Source("plan", "plan", "recovery_plan", ("reason",)),
    Source("plan-event", "step of a plan", "recovery_planevent", ("reason",)),
    Source("proposal", "proposal for the loan", "recovery_loanproposal", ("reason",)),
    Source("proposal-decision", "decision about it", "recovery_loanproposaldecision", ("reason",)),
    Source("care", "record of care", "recovery_carerecord", ("details",)),
    Source("care-decision", "decision about care", "recovery_caredecision", ("reason",)),
    Source("decision-answer", "answer to a recommendation", "recovery_decisionanswer", ("reason",)),
    Source("action", "action performed", "recovery_performedaction"),
    Source("page-check", "check on the borrower's page", "recovery_pagecheck"),
    Source("payment-intent", "intent to pay", "recovery_paymentintent"),
    Source("handed-case", "case handed over", "recovery_handedcase"),
    Source("legal-hold", "legal hold", "recovery_legalhold"),
    Source("erasure-request", "request to erase", "recovery_erasurerequest"),
    Source("erasure", "decision about an erasure", "recovery_erasuredecision"),
)  # fmt: skip
_WORDS = {source.name: source.words for source in SOURCES}
# Personal text beside a source's own row: source, table, the column that holds the source's number, columns of text.
ALSO_ERASED = (("plan", "recovery_planbudgetline", "plan_id", ("label",)),)


def words_of(source: str) -> str:
    """Return what a source is called; one that is sealed no more goes by its name."""
    return _WORDS.get(source, source)
