"""From a telephone number, in any spelling, to the borrowers who have it. Nothing of a debt is read here."""

import re
from dataclasses import dataclass

from borrowers.models import Borrower, ContactPoint, Loan
from creditpath.accounts.models import User
from recovery.outreach.numbers import points_of_number

MOST = 9  # as many as there are keys to choose one
DIGITS = 7  # fewer are no telephone number
_EXTENSION = re.compile(r"\s*(x|ext\.?|#)\s*[0-9]{1,6}$", re.IGNORECASE)


@dataclass(frozen=True)
class Callers:
    """Who may be calling: those whom the person asking services, and the teams that service others with that number."""

    asked: str
    matches: tuple[Borrower, ...]
    is_cut_off: bool = False
    other_teams: tuple[str, ...] = ()


def find_callers(*, asked: str, user: User) -> Callers:
    """Return who has a number, or the borrower whose own or loan's number was entered; at most five queries.

    A number is looked up by an index on its last digits and compared whole, as E.164: about a millisecond among a million.
    """
    asked = " ".join(asked.split())[:40]
    ids = (_with_number(asked) or _with_reference(asked)) if asked else []
    people = Borrower.objects.filter(pk__in=ids).select_related("team")
    rows = list(people.order_by("full_name", "id"))
    mine = set(Borrower.objects.visible_to(user).filter(pk__in=[row.pk for row in rows]).values_list("pk", flat=True))
    matches = [row for row in rows if row.pk in mine]
    teams = {str(row.team or "no team") for row in rows if row.pk not in mine}
    return Callers(asked, tuple(matches[:MOST]), len(matches) > MOST, tuple(sorted(teams)))


def _with_number(asked: str) -> list[int]:
    digits = _EXTENSION.sub("", asked)
    if sum(sign.isdecimal() for sign in digits) < DIGITS or any(sign.isalpha() for sign in digits):
        return []
    points = ContactPoint.objects.filter(pk__in=points_of_number(asked))
    return list(dict.fromkeys(points.values_list("borrower_id", flat=True)))


def _with_reference(asked: str) -> list[int]:
    """Return who has a customer number or a loan's number; asked apart, so that each is found by its own index."""
    own = Borrower.objects.filter(external_id=asked).values_list("pk", flat=True)
    return [*own, *Loan.objects.filter(external_id=asked).values_list("borrower_id", flat=True)]


def find_point(*, borrower: Borrower, number: str) -> ContactPoint | None:
    """Return the borrower's contact point that a number is."""
    return ContactPoint.objects.filter(borrower=borrower, pk__in=points_of_number(number)).order_by("id").first()
