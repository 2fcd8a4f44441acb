"""Real card accounts that come as one status a month: imported as snapshots, they go the whole way, counted and not weighed."""

import gzip
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from django.conf import settings

from borrowers.measures.services import Bands, measure_cures, measure_migration, measure_portfolio
from borrowers.models import Loan, MonthEndSnapshot
from borrowers.services import import_portfolio, refresh_delinquency

DATA = settings.BASE_DIR.parent / "shared" / "data" / "cc_monthly_status" / "credit_record.csv.gz"
MAPPING = settings.BASE_DIR / "docs" / "examples" / "cc_monthly_status.toml"
ONE_IN = 50  # accounts; what all of them give stands in docs/benchmarks.md
BANDS = Bands((0, 30, 60, 90, 120, 150))

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not DATA.is_file(), reason="../shared/data/cc_monthly_status is not here"),
]


@pytest.fixture
def statuses(tmp_path: Path) -> pd.DataFrame:
    """Write a part of the accounts as the lender's file, and return its months, each with the status of the month after it."""
    frame = pd.read_csv(DATA, dtype={"STATUS": str})
    frame = frame[frame.ID % ONE_IN == 0]
    with gzip.open(tmp_path / DATA.name, "wt") as stream:
        frame.to_csv(stream, index=False)
    following = frame.assign(MONTHS_BALANCE=frame.MONTHS_BALANCE - 1).rename(columns={"STATUS": "NEXT"})
    return frame.merge(following, on=["ID", "MONTHS_BALANCE"], how="left")


def test_statuses_alone_become_the_transitions_of_the_file(statuses: pd.DataFrame, tmp_path: Path) -> None:
    report = import_portfolio(source=tmp_path, mapping=MAPPING)
    assert (report.read, report.rejected) == (len(statuses), 0)
    refresh_delinquency()

    assert Loan.objects.filter(bookkeeping="snapshots").count() == statuses.ID.nunique()
    assert MonthEndSnapshot.objects.values("as_of").distinct().count() == 61
    matrix = measure_migration(months=60, bands=BANDS)["XXX"].whole

    # Status 0 is 1–29 days past due, status 1 is 30–59, and so on: status n is band n + 1. X and C owe nothing.
    pairs = statuses.dropna(subset=["NEXT"]).replace({"NEXT": {"C": "X"}})
    table = pd.crosstab(pairs.STATUS, pairs.NEXT)
    for band, status in enumerate("012345", start=1):
        found = dict(zip(matrix.states, matrix.counts[band], strict=True))
        in_file = [int(table.loc[status].get(other, 0)) for other in "012345X"]
        assert [*matrix.counts[band][1 : len(BANDS.names)], found["paid_off"]] == in_file

    assert "not available" in measure_portfolio(as_of=date(2026, 6, 30), names=("par", "migration")).summary()
    assert len(measure_cures(months=12, bands=BANDS)["XXX"]) == 12  # by count, since nothing else is known
