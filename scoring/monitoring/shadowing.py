"""Scores that treat nobody: a challenger's of today, and what a model would have said at past month ends."""

from collections import Counter
from datetime import date

from django.db import IntegrityError, connection, transaction

from borrowers.services import get_business_date, known_at
from creditpath.sql import copy_rows
from scoring.engine.running import ROWS_AT_ONCE, SCORE_COLUMNS, Population, Scorer, find_cases, find_population
from scoring.features.cases import in_chunks
from scoring.features.services import write_vectors
from scoring.models import ShadowRun
from scoring.registry.champions import Champion, check_fit
from scoring.registry.services import load_session

MOST_LOOKED_BACK = 20_000  # loans of a past month end: enough for every figure, whatever the size of the books


def score_aside(champion: Champion, *, as_of: date) -> ShadowRun:
    """Score the loans that a model serves, or would serve, as known on a day, and keep the scores where no page looks for any.

    Once a model and day. At past days every n-th loan, at most MOST_LOOKED_BACK of them. Raises ModelDoesNotFit, ModelTampered.
    """
    model = champion.model
    if made := ShadowRun.objects.filter(model=model, as_of=as_of).first():
        return made
    check_fit(model)
    session = load_session(model)
    is_past = as_of < get_business_date()
    known = known_at(as_of=as_of)
    population = find_population(as_of=as_of, known=known).served_by(champion)
    cases = find_cases(model, loans=_sample(population) if is_past else population.owing, as_of=as_of, known=known)
    write_vectors(cases)
    kind = ShadowRun.Kind.LOOKING_BACK if is_past else ShadowRun.Kind.SHADOW
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            run = ShadowRun.objects.create(model=model, kind=kind, as_of=as_of, known_at=known)
            scorer = Scorer(run=run, model=model, session=session, unscored=Counter())
            for chunk in in_chunks(cases, ROWS_AT_ONCE):
                copy_rows(cursor, "scoring_shadowscore", SCORE_COLUMNS, scorer.score(chunk))
    except IntegrityError:  # two that watch at once: one of them was first
        return ShadowRun.objects.get(model=model, as_of=as_of)
    return run


def _sample(population: Population) -> list[int]:
    every = -(-len(population.owing) // MOST_LOOKED_BACK) or 1
    return list(population.owing[::every])
