"""Stages 1, 2 and 3 by days past due and a significant increase of the probability of default. They claim no ECL."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from borrowers.measures.asking import ALL_LOANS, PortfolioFilter, add_known, rows_of, stand_at


@dataclass(frozen=True)
class StageLine:
    """One stage; of its loans `n_by_pd` are there for their PD alone."""

    stage: int
    n_loans: int
    principal_amount: Decimal | None
    n_by_pd: int


@dataclass(frozen=True)
class Stages:
    """The stages of one currency on a day; `knows_pd` says whether increases of PD were given at all."""

    currency: str
    as_of: date
    lines: tuple[StageLine, StageLine, StageLine]
    knows_pd: bool


def measure_stages(
    *, as_of: date | None = None, significant: Iterable[int] | None = None, only: PortfolioFilter = ALL_LOANS
) -> dict[str, Stages]:
    """Measure stages by currency; `significant` are the ids of loans whose PD rose significantly, None where nobody knows.

    Base: loans that owe; written-off loans are out. Cost: one pass over the last refresh, or one computation of all loans for a
    day before the business date. Raises NoBusinessDate, DayNotClosed.
    """
    at = stand_at(as_of)
    risen = list(significant or ())
    by_currency: dict[str, list[dict[str, Any]]] = {}
    for row in rows_of("borrowers", "stages", only.as_parameters() | at.as_parameters() | {"significant": risen}):
        by_currency.setdefault(row["currency"], []).append(row)
    return {
        currency: Stages(
            currency, at.day, (_line(1, rows), _line(2, rows), _line(3, rows)), knows_pd=significant is not None
        )
        for currency, rows in by_currency.items()
    }


def _line(stage: int, rows: list[dict[str, Any]]) -> StageLine:
    own = [row for row in rows if row["stage"] == stage]
    return StageLine(
        stage=stage,
        n_loans=sum(row["n_loans"] for row in own),
        principal_amount=add_known(row["principal_amount"] for row in own),
        n_by_pd=sum(row["n_loans"] for row in own if row["ground"] == "pd"),
    )
