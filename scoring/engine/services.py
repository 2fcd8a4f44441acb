"""The verbs of scoring: a batch over the portfolio, and single loans whose books changed."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime

from django.db import connection, transaction

from borrowers.errors import DayNotClosed
from borrowers.services import get_business_date, known_at
from scoring.engine.locks import is_batch_under_way, only_batch
from scoring.engine.reports import ScoringReport, StaleReport
from scoring.engine.running import choose_engine, find_population, run_model
from scoring.engine.stale import mark_stale, rescore_loans, rescore_stale
from scoring.models import ScoringRun, StaleLoan
from scoring.registry.services import Champion, find_live, get_champion

__all__ = [
    "ScoringReport",
    "StaleReport",
    "is_batch_under_way",
    "mark_stale",
    "rescore_loans",
    "rescore_stale",
    "score_loans",
]


def score_loans(
    *,
    as_of: date | None = None,
    purpose: str | None = None,
    stale_only: bool = False,
    engine: str = "auto",
    progress: Callable[[int, int, str], None] = lambda done, total, message: None,
) -> ScoringReport | StaleReport:
    """Score every loan that owes on a day (the business date) with the live model of a purpose (the preferred one that has one).

    All or nothing for readers: scores count from the instant at which the whole run is published, and the model is the one that
    was live when it began. Champions of segments score their own loans in runs of their own, published together. With
    stale_only, loans whose books changed are scored again, with every live model. Two runs for one purpose and day exclude
    each other. Raises NoBusinessDate, DayNotClosed, NoChampion, RunUnderWay, UnknownEngine, ModelDoesNotFit, ModelTampered.
    """
    engine = choose_engine(engine)
    business_date = get_business_date()
    as_of = as_of or business_date
    if as_of > business_date:
        raise DayNotClosed(f"{as_of} lies after the business date {business_date}.")
    purpose = get_champion(purpose).purpose
    if stale_only:
        return rescore_stale(engine=engine, as_of=as_of)
    with only_batch(purpose=purpose, as_of=as_of):
        # The order matters: a mark seen here belongs to a change that everything read from here on includes.
        answered = list(StaleLoan.objects.values_list("loan_id", "marked_at"))
        live = find_live()
        answers_all = as_of == business_date and all(champion.model.purpose == purpose for champion in live)
        own = [champion for champion in live if champion.model.purpose == purpose]
        known = known_at(as_of=as_of)
        population = find_population(as_of=as_of, known=known)

        def run(champion: Champion, *, is_last: bool) -> ScoringReport:
            return run_model(
                champion.model,
                kind=ScoringRun.Kind.BATCH,
                engine=engine,
                population=population.served_by(champion),
                as_of=as_of,
                known=known,
                on_publish=lambda: _remove_marks(answered) if answers_all and is_last else None,
                progress=progress,
            )

        if len(own) == 1:
            return run(own[0], is_last=True)
        with transaction.atomic():  # so that no reader sees one segment of today beside another of yesterday
            first, *others = (run(champion, is_last=champion is own[-1]) for champion in own)
        return replace(first, segments=tuple(others))


def _remove_marks(answered: Sequence[tuple[int, datetime]]) -> None:
    """Remove the marks that were there when the run began and have not been renewed since."""
    with connection.cursor() as cursor:
        cursor.execute(
            """DELETE FROM scoring_staleloan AS mark
            USING unnest(%s::bigint[], %s::timestamptz[]) AS answered (loan_id, marked_at)
            WHERE mark.loan_id = answered.loan_id AND mark.marked_at = answered.marked_at""",
            [[loan_id for loan_id, _ in answered], [marked_at for _, marked_at in answered]],
        )
