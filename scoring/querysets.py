"""The vocabulary of questions to models and scores."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from creditpath.accounts.models import User


class DeploymentQuerySet(models.QuerySet):
    def live(self) -> Self:
        """Keep what is live now, at most one a purpose."""
        return self.filter(live_until__isnull=True)

    def live_at(self, instant: datetime) -> Self:
        """Answer which model was live at an instant, in one query."""
        return self.filter(Q(live_until__isnull=True) | Q(live_until__gt=instant), live_from__lte=instant)


class ScoreQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        """Keep scores of loans that the user may see: agents their own team's, other roles all."""
        if user.role == "agent":
            return self.filter(loan__borrower__team_id=user.team_id) if user.team_id else self.none()
        return self

    def published(self) -> Self:
        """Leave out the scores of runs that have not been published: a reader never sees half a run."""
        return self.filter(run__published_at__isnull=False)

    def current(self, *, purpose: str) -> Self:
        """Keep each loan's newest published score of a purpose."""
        return self.published().filter(run__model__purpose=purpose).order_by("loan_id", "-id").distinct("loan_id")

    def as_of(self, day: date) -> Self:
        return self.filter(run__as_of=day)
