"""Measure the portfolio."""

import argparse
from typing import Any

from django.core.management.base import CommandParser

from borrowers.measures.services import MEASURES, Bands, PortfolioFilter, PortfolioReport, measure_portfolio
from creditpath.command import ServiceCommand, day
from scoring.impairment import find_risen_pd


class Command(ServiceCommand):
    help = (
        "Measure the portfolio: PAR, migration and roll rates, vintages, cures, collecting, recovery and LGD, a loss forecast "
        "with its back-test, stages; each with its base. Example: manage.py measure_portfolio --measure par --measure migration"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--as-of", type=day, help="day, the business date by default")
        parser.add_argument(
            "--measure",
            action="append",
            metavar="NAME",
            help=f"one of {', '.join(MEASURES)}; again for more, all by default",
        )
        parser.add_argument("--currency", help="only loans of this currency")
        parser.add_argument("--product", type=int, metavar="ID", help="only loans of this product")
        parser.add_argument("--team", type=int, metavar="ID", help="only borrowers of this team")
        parser.add_argument(
            "--segment", type=_segment, metavar="COLUMN=VALUE", help="only where the lender's own column has this value"
        )
        parser.add_argument(
            "--edges",
            type=_edges,
            default=Bands().edges,
            metavar="0,30,60,90",
            help="upper edges of the bands of days past due",
        )

    def run(self, **options: Any) -> PortfolioReport:
        names = options["measure"] or MEASURES
        return measure_portfolio(
            as_of=options["as_of"],
            names=names,
            only=PortfolioFilter(options["currency"], options["product"], options["team"], options["segment"]),
            bands=Bands(options["edges"]),
            significant=find_risen_pd(as_of=options["as_of"]) if "stages" in names else None,
            progress=self.progress,
        )


def _segment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is no segment, write it as branch=North")
    return name, value


def _edges(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} are no edges, write them as 0,30,60,90") from None
