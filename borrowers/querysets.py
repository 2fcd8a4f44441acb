"""The vocabulary of questions to the books."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from creditpath.accounts.models import User

ARREARS_BUCKETS = ("1-30", "31-60", "61-90", "91+")
OWING_BUCKETS = ("current", *ARREARS_BUCKETS)
SETTLED_BUCKETS = ("paid_off", "written_off", "sold", "closed")


def _in_reach(user: User, *, path: str) -> Q:
    """Return the condition that keeps agents to the borrowers of their own team; path leads to the borrower, "" or "x__"."""
    if user.role == "agent":
        return Q(**{f"{path}team_id": user.team_id}) if user.team_id else Q(pk__in=[])
    return Q()


class BorrowerQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        """Keep what the user may see: agents their own team's borrowers, other roles all."""
        return self.filter(_in_reach(user, path=""))


class LoanQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        return self.filter(_in_reach(user, path="borrower__"))

    def in_arrears(self) -> Self:
        return self.filter(delinquency__bucket__in=ARREARS_BUCKETS)

    def outstanding(self) -> Self:
        """Keep loans that still owe and are not written off."""
        return self.filter(delinquency__bucket__in=OWING_BUCKETS)


class PaymentQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        return self.filter(_in_reach(user, path="loan__borrower__"))


class ContactEventQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        return self.filter(_in_reach(user, path="borrower__"))

    def in_last_days(self, days: int, *, as_of: date) -> Self:
        """Keep events of the given number of calendar days that ends with as_of."""
        return self.filter(effective_on__gt=as_of - timedelta(days=days), effective_on__lte=as_of)


class PromiseQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        return self.filter(_in_reach(user, path="loan__borrower__"))


class DelinquencyQuerySet(models.QuerySet):
    def in_arrears(self) -> Self:
        return self.filter(bucket__in=ARREARS_BUCKETS)
