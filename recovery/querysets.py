"""The vocabulary of questions to the work."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Self

from django.apps import apps
from django.db import models

if TYPE_CHECKING:
    from creditpath.accounts.models import User


class PolicyQuerySet(models.QuerySet):
    def in_force(self, day: date) -> Self:
        """Keep the one version that counts on a day, if there is one."""
        return self.filter(state="approved", effective_from__lte=day).filter(
            models.Q(effective_until__isnull=True) | models.Q(effective_until__gt=day)
        )


class RecommendationQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        """Keep what the user may see: agents their own team's borrowers, other roles all."""
        if user.role == "agent":
            return self.filter(borrower__team_id=user.team_id) if user.team_id else self.none()
        return self


class WorklistItemQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        """Keep what the user may see: agents their own list, other roles all."""
        return self.filter(agent=user) if user.role == "agent" else self

    def on(self, day: date) -> Self:
        return self.filter(as_of=day)

    def open(self) -> Self:
        return self.filter(done_at__isnull=True)


class OfBorrowerQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        """Keep what the user may see: agents their own team's borrowers, other roles all."""
        if user.role == "agent":
            return self.filter(borrower__team_id=user.team_id) if user.team_id else self.none()
        return self


class GrievanceQuerySet(OfBorrowerQuerySet):
    def open(self) -> Self:
        return self.filter(answer__isnull=True)

    def overdue(self, day: date) -> Self:
        """Keep what is not answered although its last day for an answer lies before a day."""
        return self.open().filter(answer_due_on__lt=day)


class MessageTemplateQuerySet(models.QuerySet):
    def live(self) -> Self:
        """Keep the versions that messages are written from."""
        return self.filter(published_at__isnull=False, retired_at__isnull=True)


class OfLoanQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        """Keep what the user may see: agents their own team's borrowers, other roles all."""
        if user.role == "agent":
            return self.filter(loan__borrower__team_id=user.team_id) if user.team_id else self.none()
        return self


class PlanQuerySet(OfLoanQuerySet):
    def in_state(self, state: str) -> Self:
        """Keep those whose last event brought a state."""
        return self.annotate(state=_last_state()).filter(state=state)

    def count_by_state(self) -> dict[str, int]:
        states = self.order_by().annotate(state=_last_state()).values_list("state")
        return dict(states.annotate(n=models.Count("pk")))


def _last_state() -> models.Subquery:
    events = apps.get_model("recovery", "PlanEvent")._default_manager.filter(plan=models.OuterRef("pk"))
    return models.Subquery(events.order_by("-number").values("state")[:1])


class CareRecordQuerySet(models.QuerySet):
    def open(self) -> Self:
        """Keep those that no decision has ended."""
        return self.exclude(decisions__outcome="ended")
