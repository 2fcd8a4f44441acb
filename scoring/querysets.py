"""The vocabulary of questions to models and scores."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

if TYPE_CHECKING:
    from creditpath.accounts.models import User


def heavy_fields(path: str = "") -> tuple[str, ...]:
    """Return what of a model is large and not for lists, under the path that leads to it: for defer()."""
    return tuple(f"{path}__{name}" if path else name for name in ("onnx", "curves"))


class DeploymentQuerySet(models.QuerySet):
    def live(self) -> Self:
        """Keep what is live now, at most one a purpose."""
        return self.filter(live_until__isnull=True)

    def live_at(self, instant: datetime) -> Self:
        """Answer which model was live at an instant, in one query."""
        return self.filter(Q(live_until__isnull=True) | Q(live_until__gt=instant), live_from__lte=instant)

    def live_on(self, day: date) -> Self:
        """Answer which models were live on a day of the lender's calendar, the first to begin first: one query.

        On the day of a promotion two were, one after the other.
        """
        begin, end = hours_of(day)
        return self.filter(Q(live_until__isnull=True) | Q(live_until__gt=begin), live_from__lt=end).order_by(
            "purpose", "segment", "live_from"
        )

    def with_people(self) -> Self:
        """Bring the model, without its bytes, and who proposed and approved it along: still one query."""
        return self.select_related("model", "promoted_by", "decision__decided_by", "decision__proposal").defer(
            *heavy_fields("model")
        )


class ChallengerQuerySet(DeploymentQuerySet):
    """Times in the shadow, asked like times as a champion."""


class PromotionProposalQuerySet(models.QuerySet):
    def waiting(self) -> Self:
        """Keep what nobody has decided yet."""
        return self.filter(decision__isnull=True)


class ValidationFindingQuerySet(models.QuerySet):
    def open(self) -> Self:
        """Keep what has not been put right."""
        return self.filter(closure__isnull=True)


class MonitoredAttributeQuerySet(models.QuerySet):
    def current(self) -> list[Any]:
        """Return what is watched now: the newest row of each name, of those that are monitored; one query."""
        newest: Any = self.order_by("source", "name", "-id").distinct("source", "name")
        return [row for row in newest if row.is_monitored]


def hours_of(day: date) -> tuple[datetime, datetime]:
    """Return the first instant of a day and that of the next one, in the lender's zone."""
    begin = timezone.make_aware(datetime.combine(day, time.min))
    return begin, timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))


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
