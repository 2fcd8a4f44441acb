"""Real mortgages that come as a balance each quarter: imported as snapshots, with their defaults and pay-offs."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from django.conf import settings

from borrowers.measures.services import measure_migration
from borrowers.models import Delinquency
from borrowers.services import import_portfolio, refresh_delinquency

FOLDER = settings.BASE_DIR.parent / "shared" / "data" / "dcr_mortgage_panel"
MAPPING = settings.BASE_DIR / "docs" / "examples" / "dcr_mortgage_panel.toml"

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="../shared/data/dcr_mortgage_panel is not here"),
]


@pytest.fixture
def panel(tmp_path: Path) -> pd.DataFrame:
    """Write a tenth of the loans as the lender's file and return its quarters."""
    frame = pd.read_csv(FOLDER / "dcr.csv.gz")
    frame = frame[frame.id % 10 == 0]
    frame.to_csv(tmp_path / "dcr.csv.gz", index=False)
    return frame.drop_duplicates(["id", "time"])


def test_balances_defaults_and_transitions_are_those_of_the_file(panel: pd.DataFrame, tmp_path: Path) -> None:
    report = import_portfolio(source=tmp_path, mapping=MAPPING)
    refresh_delinquency()

    assert report.rejected == 0
    last = panel.sort_values("time").groupby("id").last()
    last = last[last.balance_time > 0]
    kept = pd.DataFrame(
        Delinquency.objects.values("loan__external_id", "bucket", "outstanding_amount", "overdue_amount")
    )
    kept = kept.set_index(kept.loan__external_id.astype(int)).loc[last.index]
    assert (kept.bucket == last.status_time.map({0: "current", 1: "written_off", 2: "paid_off"})).all()
    assert kept.outstanding_amount[last.status_time == 0].sum() == pytest.approx(
        Decimal(str(round(last.balance_time[last.status_time == 0].sum(), 2)))
    )
    assert kept.overdue_amount.isna().all()  # not told, so not made up

    quarter = measure_migration(as_of=date(2010, 12, 31), months=1, gap_months=3)["USD"].whole
    before = panel[(panel.time == 43) & (panel.status_time == 0) & (panel.balance_time > 0)]
    found = before.id.map(panel[panel.time == 44].set_index("id").status_time).value_counts()
    states = dict(zip(quarter.states, quarter.counts[0], strict=True))
    assert [states[state] for state in ("current", "written_off", "paid_off")] == [found.get(n, 0) for n in (0, 1, 2)]
    assert quarter.left[0] == len(before) - found.sum()
