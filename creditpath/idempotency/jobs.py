"""Answers are kept for a month: who repeats a request later than that means it anew."""

from datetime import timedelta

from django.db.models.functions import Now

from creditpath.idempotency.models import GivenAnswer
from creditpath.jobs import sweep

KEPT = timedelta(days=30)


@sweep("forget old answers", every=6 * 3600)
def forget_old_answers() -> int:
    return GivenAnswer.objects.filter(given_at__lt=Now() - KEPT).delete()[0]
