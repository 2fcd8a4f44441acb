"""Hear that the books changed: mark the loans in the same transaction, and score them again once it has committed."""

import threading
from collections.abc import Iterable
from logging import getLogger
from typing import Any

from django.db import transaction
from django.dispatch import receiver

from borrowers.signals import books_changed
from creditpath.jobs import nudge
from scoring.engine.services import mark_stale, rescore_loans
from scoring.models import StaleLoan

logger = getLogger("creditpath.scoring")

AT_ONCE = 50  # more changed loans than this are left to the worker, so that a bulk change answers promptly
SWEEP = "stale_scores"


class _Pending(threading.local):
    """Loans that this thread marked and has not tried to score yet; one that was rolled back has no mark and costs nothing."""

    def __init__(self) -> None:
        self.loan_ids: set[int] = set()


_pending = _Pending()


@receiver(books_changed, dispatch_uid="scoring.mark_stale")
def mark_changed_loans(sender: Any, loan_ids: Iterable[int], **kwargs: Any) -> None:
    """Say only that these loans changed; what follows is the engine's."""
    _pending.loan_ids.update(mark_stale(loan_ids=loan_ids))
    transaction.on_commit(rescore_after_commit)


def rescore_after_commit() -> None:
    """Score what the transaction changed, once however many changes it made; whatever goes wrong is left to the worker."""
    pending = set(_pending.loan_ids)
    _pending.loan_ids.clear()
    if not pending:
        return
    try:
        # Only what is marked counts: ids that rolled-back transactions of this thread left here must not fill the measure.
        loan_ids = set(StaleLoan.objects.filter(loan_id__in=pending).values_list("loan_id", flat=True))
        if len(loan_ids) > AT_ONCE:
            nudge(SWEEP)
        else:
            rescore_loans(loan_ids=loan_ids)
    except Exception:  # the change itself is committed and must not seem to have failed
        logger.exception("re-scoring after a change failed; the worker will do it")
