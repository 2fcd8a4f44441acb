"""The migration of real card accounts, which come as monthly statuses alone: no balance, no instalment, no payment."""

from datetime import date

import pandas as pd
import pytest
from django.conf import settings
from django.db import connection

from borrowers.clock import end_of_day
from borrowers.measures.services import Bands, Matrix, measure_cures, measure_migration
from borrowers.models import Borrower, Loan, MonthEndSnapshot
from borrowers.services import set_business_date
from creditpath.sql import copy_rows
from tests.factories import make_product

DATA = settings.BASE_DIR.parent / "shared" / "data" / "cc_monthly_status" / "credit_record.csv.gz"
LAST = date(2026, 6, 30)
ONE_IN = 4  # accounts; measured on all of them as well, see docs/decisions.md
DAYS = {"X": 0, "C": 0, "0": 15, "1": 45, "2": 75, "3": 105, "4": 135, "5": 165}
BANDS = Bands((0, 30, 60, 90, 120, 150))

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not DATA.is_file(), reason="../shared/data/cc_monthly_status is not here"),
]


@pytest.fixture
def statuses() -> pd.DataFrame:
    """Read the months of a quarter of the accounts, each with the status of the month after it."""
    frame = pd.read_csv(DATA, dtype={"STATUS": str})
    frame = frame[frame.ID % ONE_IN == 0]
    following = frame.assign(MONTHS_BALANCE=frame.MONTHS_BALANCE - 1).rename(columns={"STATUS": "NEXT"})
    return frame.merge(following, on=["ID", "MONTHS_BALANCE"], how="left")


@pytest.fixture
def matrix(statuses: pd.DataFrame) -> Matrix:
    """Keep the statuses as month ends and measure all sixty months of them."""
    set_business_date(day=LAST)
    ends = [stamp.date() for stamp in pd.date_range(end=pd.Timestamp(LAST), periods=61, freq="ME")]
    borrower, product = Borrower.objects.create(external_id="cards"), make_product(code="card")
    Loan.objects.bulk_create(
        Loan(
            borrower=borrower, product=product, external_id=str(account), currency="USD", bookkeeping="snapshots",
            approved_on=ends[0], booked_at=end_of_day(ends[0]),
        )
        for account in statuses.ID.unique()
    )  # fmt: skip
    ids = dict(Loan.objects.values_list("external_id", "id"))
    columns = (
        "loan_id", "as_of", "known_at", "days_past_due", "bucket", "instalments_past_due", "overdue_amount",
        "overdue_principal_amount", "outstanding_principal_amount", "outstanding_amount", "paid_amount",
    )  # fmt: skip
    absent = (0, 0, 0, 0, 0, 0)
    rows = (
        (
            ids[str(account)], day := ends[60 + month], end_of_day(day), days := DAYS[status],
            "current" if not days else "1-30" if days <= 30 else "31-60" if days <= 60 else "61-90" if days <= 90 else "91+",
            *absent,
        )
        for account, month, status in zip(statuses.ID, statuses.MONTHS_BALANCE, statuses.STATUS, strict=True)
    )  # fmt: skip
    with connection.cursor() as cursor:
        copy_rows(cursor, MonthEndSnapshot._meta.db_table, columns, rows)
        cursor.execute("ANALYZE borrowers_monthendsnapshot")
    return measure_migration(months=60, bands=BANDS)["USD"].whole


def test_transitions_are_those_that_were_measured_on_the_file(matrix: Matrix, statuses: pd.DataFrame) -> None:
    shares = matrix.shares()
    # Status 0 is 1–29 days past due, status 1 is 30–59, and so on: status n is band n + 1.
    for status, worse, known in [(1, 2, 0.05), (2, 3, 0.30), (3, 4, 0.59), (4, 5, 0.67)]:
        assert shares[status + 1][worse + 1] == pytest.approx(known, abs=0.05)
    assert shares[2][1] == pytest.approx(0.50, abs=0.02)

    pairs = statuses.dropna(subset=["NEXT"]).replace({"STATUS": {"C": "X"}, "NEXT": {"C": "X"}})
    table = pd.crosstab(pairs.STATUS, pairs.NEXT)
    for band, status in enumerate("X012345"):
        assert list(matrix.counts[band][: len(matrix.bands.names)]) == [
            int(table.loc[status].get(other, 0)) for other in "X012345"
        ]
    assert sum(map(sum, matrix.counts)) == len(pairs)

    cohorts = measure_cures(months=12, bands=BANDS)["USD"]  # by count, since nothing else is known
    assert len(cohorts) == 12
    assert all(0 < (cohort.whole.touched_ratio or 0) < 1 for cohort in cohorts)
