"""Loans whose books changed after they were scored: mark them, and score them again soon.

A mark is written in the transaction of the change, so that no crash loses it. Whoever re-scores locks the marks first and
reads the books afterwards, and removes the marks in the transaction that publishes the new scores: a change that comes
meanwhile waits for a moment and marks the loan again.
"""

from collections.abc import Iterable
from datetime import date
from logging import getLogger
from time import monotonic

from django.db import connection, transaction
from django.utils import timezone

from borrowers.services import get_business_date, known_at, refresh_delinquency
from creditpath.sql import load
from scoring.engine.locks import is_batch_under_way
from scoring.engine.reports import ScoringReport, StaleReport
from scoring.engine.running import choose_engine, find_population, run_model
from scoring.models import ScoringRun, StaleLoan
from scoring.registry.services import find_live

logger = getLogger("creditpath.scoring")

LOANS_AT_ONCE = 200


def mark_stale(*, loan_ids: Iterable[int]) -> list[int]:
    """Mark loans, and the borrowers' other loans that owe, as changed; returns the ids of all that were marked."""
    with connection.cursor() as cursor:
        cursor.execute(load("scoring", "mark_stale.sql"), {"loans": sorted(set(loan_ids))})
        return [loan_id for (loan_id,) in cursor.fetchall()]


def rescore_loans(*, loan_ids: Iterable[int], engine: str = "auto") -> StaleReport:
    """Score again those of the given loans that are marked: delinquency, features, every live model, marks removed.

    One transaction. Loans that another worker has in hand are left to it. Without a live model nothing happens and the marks
    stay, and they also stay while a batch is under way, which may have begun before the change. Raises what goes wrong; then
    nothing is written and the marks stay.
    """
    return _rescore(loan_ids=sorted(set(loan_ids)), engine=engine)


def rescore_stale(*, engine: str = "auto", as_of: date | None = None) -> StaleReport:
    """Score again all loans that are marked, LOANS_AT_ONCE in a transaction; several workers at once share them.

    Stands aside while a batch is under way. Where a chunk fails its loans are tried one by one; those that fail alone go to the
    end of the queue, are logged and counted, and stay marked.
    """
    began = monotonic()
    day = as_of or get_business_date()
    runs: list[ScoringReport] = []
    n_marked = n_failed = 0
    failed: set[int] = set()
    while not is_batch_under_way():
        try:
            report = _rescore(engine=engine, as_of=day, without=failed)
        except Exception:
            logger.exception("re-scoring a chunk of changed loans failed; they are tried one by one")
            reports, bad = _rescore_one_by_one(engine=engine, as_of=day, without=failed)
            failed |= bad
            n_failed += len(bad)
            n_marked += len(bad)
        else:
            reports = [report]
        n_marked += sum(report.n_marked for report in reports)
        runs += [run for report in reports for run in report.runs]
        if not any(report.n_marked for report in reports):
            break
    return StaleReport(as_of=day, n_marked=n_marked, n_failed=n_failed, runs=tuple(runs), seconds=monotonic() - began)


def _rescore(
    *,
    engine: str,
    as_of: date | None = None,
    loan_ids: list[int] | None = None,
    without: Iterable[int] = (),
) -> StaleReport:
    began = monotonic()
    engine = choose_engine(engine)
    champions = find_live()
    nothing = StaleReport(as_of=as_of, n_marked=0, n_failed=0, runs=(), seconds=0.0)
    if not champions:
        return nothing
    as_of = as_of or get_business_date()
    may_unmark = not is_batch_under_way()
    with transaction.atomic():
        marked = _take_marks(loan_ids, without)
        if not marked:
            return nothing
        known = known_at(as_of=as_of)
        refresh_delinquency(as_of=as_of, loans=marked)
        population = find_population(as_of=as_of, known=known, loans=marked)
        runs = tuple(
            run_model(
                champion.model, kind=ScoringRun.Kind.STALE, engine=engine, population=served, as_of=as_of, known=known
            )
            for champion in champions
            if (served := population.served_by(champion)).owing
        )
        if may_unmark:
            StaleLoan.objects.filter(loan_id__in=marked).delete()
    return StaleReport(as_of=as_of, n_marked=len(marked), n_failed=0, runs=runs, seconds=monotonic() - began)


def _take_marks(loan_ids: list[int] | None, without: Iterable[int] = ()) -> list[int]:
    """Lock marks that nobody else has in hand, oldest first, and return their loans in order."""
    marks = (
        StaleLoan.objects.select_for_update(skip_locked=True).order_by("marked_at").exclude(loan_id__in=list(without))
    )
    if loan_ids is not None:
        marks = marks.filter(loan_id__in=loan_ids)
    return sorted(marks.values_list("loan_id", flat=True)[:LOANS_AT_ONCE])


def _rescore_one_by_one(*, engine: str, as_of: date, without: set[int]) -> tuple[list[StaleReport], set[int]]:
    """Try the oldest marked loans alone; return the reports of those that went well and the ids of those that did not."""
    marks = StaleLoan.objects.order_by("marked_at").exclude(loan_id__in=without)
    reports, bad = [], set()
    for loan_id in list(marks.values_list("loan_id", flat=True)[:LOANS_AT_ONCE]):
        try:
            reports.append(_rescore(engine=engine, as_of=as_of, loan_ids=[loan_id]))
        except Exception:
            logger.exception("loan %s could not be scored again; it stays marked", loan_id)
            StaleLoan.objects.filter(loan_id=loan_id).update(marked_at=timezone.now())
            bad.add(loan_id)
    return reports, bad
