"""COPY through creditpath.sql, on a table with a column for each kind of value."""

import json
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import DataError, IntegrityError, connection, models
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from creditpath.sql import copy_rows

pytestmark = pytest.mark.django_db


class Colour(models.TextChoices):
    RED = "red"


@pytest.fixture
def table(db: None) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE copied (n int PRIMARY KEY, words text, amount numeric(12, 2), day date, "
            'at timestamptz, flag boolean, bytes bytea, facts jsonb, "Odd name" float8) ON COMMIT DROP'
        )
    return "copied"


def copied(*columns: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(columns)} FROM copied ORDER BY n")
        return cursor.fetchall()


def copy(table: str, columns: list[str], rows: Any) -> int:
    with connection.cursor() as cursor:
        return copy_rows(cursor, table, columns, rows)


HOSTILE = [
    "",
    "\\N",
    "\\.",
    "\\",
    "\\\\n",
    "\t",
    "\n",
    "\r\n",
    "a\tb\\tc",
    "'; DROP TABLE x; --",
    '"',
    "NULL",
    ",",
    "é€😀",
    "\x01\x7f",
    "\u2028",
    "\b\f\v",
    " lead and trail ",
    "%s %(x)s {}",
]


def test_hostile_text_comes_back_as_it_went_in(table: str) -> None:
    assert copy(table, ["n", "words"], enumerate(HOSTILE)) == len(HOSTILE)
    assert [words for (words,) in copied("words")] == HOSTILE


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))))
def test_any_text_comes_back_as_it_went_in(table: str, texts: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE copied")
    copy(table, ["n", "words"], enumerate(texts))
    assert [words for (words,) in copied("words")] == texts


def test_every_kind_of_value_keeps_its_meaning(table: str) -> None:
    at = datetime(2026, 6, 30, 23, 59, 59, 123456, tzinfo=UTC)
    facts = {"text": 'a\tb\n"\\', "list": [1, None]}
    row = (1, Colour.RED, Decimal("-12.30"), date(2026, 6, 30), at, True, b"\x00\\\xff", facts, 0.1)
    columns = ["n", "words", "amount", "day", "at", "flag", "bytes", "facts", "Odd name"]
    copy(table, columns, [row, (2, *[None] * 8)])
    (first, second) = copied("words", "amount", "day", "at", "flag", "bytes", "facts::text", '"Odd name"')
    assert first[:5] == ("red", Decimal("-12.30"), date(2026, 6, 30), at, True)
    assert bytes(first[5]) == b"\x00\\\xff"
    assert json.loads(first[6]) == facts
    assert first[7] == 0.1
    assert second == (None,) * 8


def test_nul_character_is_refused_with_the_number_of_its_row(table: str) -> None:
    with pytest.raises(ValueError, match="row 2: a NUL character"):
        copy(table, ["n", "words"], [(1, "good"), (2, "b\0d")])


def test_half_a_surrogate_pair_is_refused_with_the_number_of_its_row(table: str) -> None:
    with pytest.raises(ValueError, match=r"row 1: .*surrogates"):
        copy(table, ["n", "words"], [(1, "\ud800")])


def test_row_of_the_wrong_width_is_refused(table: str) -> None:
    with pytest.raises(ValueError, match="row 1 has 3 values for 2 columns"):
        copy(table, ["n", "words"], [(1, "a", "b")])


def test_error_of_the_source_of_rows_is_raised_as_it_is(table: str) -> None:
    def rows() -> Iterator[tuple[int, str]]:
        yield 1, "good"
        raise LookupError("the file ends here")

    with pytest.raises(LookupError, match="the file ends here"):
        copy(table, ["n", "words"], rows())


def test_errors_of_the_database_are_those_of_django(table: str) -> None:
    with pytest.raises(IntegrityError):
        copy(table, ["n"], [(1,), (1,)])


def test_value_of_the_wrong_type_is_a_data_error(table: str) -> None:
    with pytest.raises(DataError):
        copy(table, ["n", "day"], [(1, "2026-02-30")])


def test_no_rows_copy_nothing(table: str) -> None:
    assert copy(table, ["n"], []) == 0


def test_memory_does_not_grow_with_the_rows(table: str) -> None:
    rows = ((n, "x" * 200) for n in range(100_000))
    tracemalloc.start()
    try:
        assert copy(table, ["n", "words"], rows) == 100_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000, "20 MB went through"
