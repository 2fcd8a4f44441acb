"""The example mapping on the real files it is for."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from borrowers.importing.services import ImportReport, import_portfolio
from borrowers.models import Borrower, BusinessDate, Instalment, Loan
from tests.borrowers.importing.lender import books, counts

DATA = settings.BASE_DIR.parent / "shared" / "data" / "superlender_ng"
MAPPING = settings.BASE_DIR / "docs" / "examples" / "superlender.toml"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data/superlender_ng is not here")


def share_later_than(days: int, attribute: str) -> float:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT round(100.0 * avg(((attributes->>%s)::integer > %s)::integer), 1) FROM borrowers_loan WHERE attributes ? %s",
            [attribute, days, attribute],
        )
        return float(cursor.fetchone()[0])


@pytest.fixture
def report(db: None) -> Iterator[ImportReport]:
    yield import_portfolio(source=Path(DATA), mapping=MAPPING)


def test_the_real_ledger_is_imported_with_what_is_known_of_it(report: ImportReport) -> None:
    assert (report.read, report.rejected) == (4346 + 18_183 + 4_368, 0)
    assert report.tables["loans"] == counts(created=18_183 + 4_368)
    assert report.tables["payments"] == counts(created=18_183)
    assert report.tables["borrowers"] == counts(created=4_334 + 1_099)
    assert report.notes == ("12 borrower rows are there again, identical: counted once.",)
    assert BusinessDate.objects.get().day == date(2017, 7, 31)

    assert [share_later_than(days, "first_repaid_days_late") for days in (0, 7, 30)] == [17.4, 6.3, 0.7]
    assert [share_later_than(days, "closed_days_late") for days in (0, 7, 30)] == [20.8, 8.9, 1.2]
    earlier = Loan.objects.exclude(attributes__has_key="good_bad_flag")
    long = earlier.filter(term_days__in=[60, 90])
    assert long.count() == 1_023
    assert Instalment.objects.filter(loan__in=long, number=1).count() == 1_023
    assert Instalment.objects.filter(loan__in=long).count() == 993 * 2 + 30 * 3
    assert Loan.objects.filter(attributes__good_bad_flag="Bad").count() == 952
    assert Borrower.objects.filter(attributes__has_key="bank").count() == 4_334

    before = books()
    again = import_portfolio(source=Path(DATA), mapping=MAPPING)
    assert again.tables["loans"] == counts(unchanged=22_551)
    assert again.tables["instalments"] == counts(unchanged=again.tables["instalments"]["unchanged"])
    assert again.tables["payments"] == counts(unchanged=18_183)
    assert books() == before
