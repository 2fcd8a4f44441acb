"""Stages on random books, against pandas, on the business date and on an earlier day."""

import pandas as pd
import pytest
from django.db import connection

from borrowers.clock import known_at
from borrowers.measures.services import measure_stages
from borrowers.services import refresh_delinquency
from tests.borrowers.measures.books import Tables, owing


def read_standing(day: Tables) -> pd.DataFrame:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT loan_id, days_past_due, bucket, outstanding_principal_amount::float AS principal "
            "FROM delinquency_as_of(%s, %s)",
            [day.day, known_at(as_of=day.day)],
        )
        standing = pd.DataFrame(cursor.fetchall(), columns=[column.name for column in cursor.description])
    return standing.merge(day.loans[["id", "currency"]], left_on="loan_id", right_on="id")


def test_stages_are_those_of_days_past_due_and_of_risen_pds(each_day: list[Tables]) -> None:
    refresh_delinquency()
    for tables in each_day:
        standing = read_standing(tables)
        standing = standing[[owing(row) and row.bucket != "unknown" for row in standing.itertuples()]]
        risen = standing.loan_id[standing.loan_id % 3 == 0]
        late, very_late = standing.days_past_due > 30, standing.days_past_due > 90
        standing = standing.assign(stage=1 + (late | standing.loan_id.isin(risen)).astype(int))
        standing.loc[very_late, "stage"] = 3
        by_pd = standing[(standing.stage == 2) & ~late].groupby("currency").size()

        measured = measure_stages(as_of=tables.day, significant=risen.tolist())

        assert set(measured) == set(standing.currency)
        for currency, stages in measured.items():
            rows = standing[standing.currency == currency]
            for line in stages.lines:
                own = rows[rows.stage == line.stage]
                assert line.n_loans == len(own)
                assert float(line.principal_amount or 0) == pytest.approx(own.principal.sum())
            assert stages.lines[1].n_by_pd == by_pd.get(currency, 0)
            assert stages.knows_pd
