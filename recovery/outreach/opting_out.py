"""How a message tells a borrower to stop such messages, and what is done when they do."""

from collections.abc import Iterable

from borrowers.models import Borrower, Consent, ContactPoint
from borrowers.services import current_instant
from recovery.borrower_page.links import Visitor, page_address

# What carriers and the FCC (47 CFR 64.1200(a)(10)) take for a wish to stop, and its like in other languages.
STOP_WORDS = frozenset(
    {
        "stop", "stopall", "stop all", "quit", "end", "revoke", "opt out", "optout", "cancel", "unsubscribe", "remove",
        "alto", "parar", "baja", "cancelar", "arret", "arrêt", "stopp", "abmelden", "annulla",
    }
)  # fmt: skip

REPLY = {
    "en": "reply STOP",
    "es": "responda STOP",
    "fr": "répondez STOP",
    "de": "antworten Sie STOP",
    "pt": "responda STOP",
}


def opt_out_link(*, borrower: Borrower, contact_point: ContactPoint | None, channel: str) -> str:
    """Return what stands for {opt_out_link}: the link to the borrower's own page, or the word to reply where there is none."""
    if contact_point is not None and channel in ("sms", "email"):
        visitor = Visitor(borrower.pk, contact_point.pk, channel)
        if address := page_address(visitor=visitor):
            return address
    return REPLY.get(borrower.language.partition("-")[0], REPLY["en"])


def is_stop(text: str) -> bool:
    """Say whether a reply is a wish for no more messages, and nothing else."""
    return " ".join(text.split()).strip(" .!\"'“”").casefold() in STOP_WORDS


def opt_out(*, contact_points: Iterable[ContactPoint], channel: str, source: str, wording: str) -> int:
    """Withdraw consent to a channel for contact points and return how many; the gate refuses from this instant on."""
    now = current_instant()
    made = Consent.objects.bulk_create(
        Consent(
            contact_point=point,
            channel=channel,
            is_given=False,
            source=source[:120],
            wording=wording[:4000],
            happened_at=now,
        )
        for point in contact_points
    )
    return len(made)
