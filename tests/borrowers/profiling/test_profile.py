"""The data report finds what was planted, tells nothing of clean data, and holds hostile text harmless."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from django.core.management import call_command

from borrowers.profiling.services import ProfileReport, profile_source
from borrowers.profiling.sketches import KeySample, RowSample, hash_cells

NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)


def loans(n: int = 400) -> pd.DataFrame:
    """Return clean loans: every rule that the report knows holds."""
    random = np.random.default_rng(7)
    approved = pd.Timestamp("2026-01-01") + pd.to_timedelta(random.integers(0, 150, n), unit="D")
    principal = random.integers(500, 5000, n)
    return pd.DataFrame(
        {
            "loan_no": [f"L{k:05}" for k in range(n)],
            "customer_no": [f"C{k % 300:05}" for k in range(n)],
            "principal": principal,
            "balance": principal * 0.8,
            "overdue_amount": principal * 0.1,
            "approved_date": approved.strftime("%d/%m/%Y"),
            "first_due_date": (approved + pd.Timedelta(days=30)).strftime("%d/%m/%Y"),
            "branch": random.choice(["North", "South", "East"], n),
        }
    ).astype({"balance": "object"})


def profile(folder: Path, mapping: Path | None = None, **tables: pd.DataFrame) -> ProfileReport:
    source = folder / "source"
    source.mkdir()
    for name, frame in tables.items():
        frame.to_csv(source / f"{name}.csv", index=False)
    return profile_source(source=source, output=folder / "report.html", mapping=mapping, now=NOW)


def titles(report: ProfileReport, column: str = "") -> list[str]:
    return [
        f"{finding.severity}: {finding.title}" for finding in report.findings if finding.column == column or not column
    ]


def test_clean_data_gets_no_finding(tmp_path: Path) -> None:
    report = profile(tmp_path, loans=loans())
    assert titles(report) == []
    assert "Nothing suspicious was found" in report.output.read_text()


@pytest.mark.parametrize(
    ("column", "rows", "value", "title"),
    [
        ("principal", [3, 9, 11], "999999", "look: 999999 seems to stand for no value"),
        ("principal", [5], "4500000", "look: A few values are far from all others"),
        ("principal", [7, 8], "-250", "look: Negative amounts"),
        ("principal", [5], "n.b.", "look: Some cells are no numbers"),
        ("approved_date", [5], "31/02/2026", "look: Some cells are no dates"),
        ("approved_date", [5], "15/06/2031", "look: Dates in the future"),
        ("approved_date", [5], "01/01/1901", "look: 01/01/1901 seems to stand for no value"),
        ("approved_date", [5, 6], "30/06/2026", None),
        ("first_due_date", [5], "02/01/2025", "look: first_due_date before approved_date"),
        ("loan_no", [5], "L00004", "look: 1 rows have an id that another row has"),
        ("branch", [5], "north", "look: One word is written in several ways"),
        ("branch", [5], "=cmd()", "look: Cells that a spreadsheet would run"),
        ("branch", [5], "No\u202eth", "look: Hidden characters"),
        ("branch", [5], " North", "note: Spaces before or after the values"),
        ("overdue_amount", [5, 6], "99999", "look: overdue_amount is more than balance"),
        ("branch", list(range(200)), "", "note: 50 % are missing"),
        ("branch", list(range(400)), "North", "note: All rows have the same value"),
        ("branch", list(range(400)), "", "note: The column is empty"),
    ],
)  # fmt: skip
def test_planted_fault_is_found(tmp_path: Path, column: str, rows: list[int], value: str, title: str | None) -> None:
    frame = loans().astype("str")
    frame.loc[rows, column] = value
    found = titles(profile(tmp_path, loans=frame), column)
    if title is None:
        assert not [found for found in found if "before" not in found]
    else:
        assert title in found


def test_repeated_rows_and_unlinked_keys_are_found_with_their_shares(tmp_path: Path) -> None:
    frame = loans()
    payments = pd.DataFrame({"loan_no": frame["loan_no"].head(200), "amount": 10.0, "paid": "01/06/2026"})
    payments.loc[:9, "loan_no"] = [f"X{k}" for k in range(10)]
    report = profile(tmp_path, loans=pd.concat([frame, frame.head(6)]), payments=payments)
    assert "look: 6 rows repeat another row exactly" in titles(report)
    assert "look: 5.0 % of the keys are not in loans.csv" in titles(report, "loan_no")


def test_order_of_day_and_month_that_cannot_be_told_must_be_settled(tmp_path: Path) -> None:
    frame = loans().assign(approved_date="03/04/2026")
    assert "stop: Day or month first cannot be told" in titles(profile(tmp_path, loans=frame), "approved_date")


def test_missing_required_field_of_a_mapping_must_be_settled(tmp_path: Path) -> None:
    mapping = tmp_path / "m.toml"
    mapping.write_text(
        '[defaults]\ncurrency = "USD"\nproduct = "p"\n[[source]]\nfiles = '
        '"loans.csv"\n[source.borrower]\nexternal_id = "customer_no"\n'
        '[source.loan]\nexternal_id = "loan_no"\nprincipal_amount = "principal"\napproved_on = "approved_date"\n'
    )
    frame = loans().astype("str")
    frame.loc[:3, "principal"] = ""
    report = profile(tmp_path, mapping, loans=frame, unmapped=frame)
    assert report.tables == 1
    assert "stop: 1.0 % of a required field are missing" in titles(report, "principal")
    assert "loan, principal amount" in report.output.read_text()


class Tags(HTMLParser):
    """Collects the tags and the addresses of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [
            value or "" for name, value in attrs if name in ("src", "href", "xlink:href", "action", "style", "onload")
        ]


def test_page_loads_nothing_and_hostile_text_stays_text(tmp_path: Path) -> None:
    evil = '"><script>alert(1)</script><img src=x onerror=alert(2)>\u202e'
    frame = loans().assign(**{evil: [evil, "</style>"] * 200, "branch": ["<svg onload=alert(3)>", "a"] * 200})
    report = profile(tmp_path, loans=frame)
    page = report.output.read_text()
    seen = Tags()
    seen.feed(page)
    assert not seen.tags & {"script", "img", "link", "iframe", "object", "a"}
    assert seen.addresses == []
    assert "url(" not in page
    assert "@import" not in page
    assert "\u202e" not in page
    assert "&lt;svg onload" in page
    assert page.count("</style>") == 1


def test_page_of_many_columns_stays_small(tmp_path: Path) -> None:
    frame = pd.DataFrame({f"column {k}": np.random.default_rng(k).normal(size=300) for k in range(320)})
    report = profile(tmp_path, wide=frame)
    assert report.size < 1_000_000
    assert "20 more columns are not drawn" in report.output.read_text()


def test_unreadable_file_is_told_and_the_others_are_shown(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "broken.csv").write_text('a,b\n1,"2\n' + "3,4\n" * 50)
    loans().to_csv(tmp_path / "source" / "loans.csv", index=False)
    report = profile_source(source=tmp_path / "source", output=tmp_path / "report.html", now=NOW)
    assert "stop: The file could not be read to its end" in titles(report)
    assert report.rows >= 400


def test_command_names_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    loans().to_csv(tmp_path / "loans.csv", index=False)
    call_command("profile_source", str(tmp_path / "loans.csv"), output=tmp_path / "r.html")
    assert re.search(r"Read 400 rows of 1 tables with 8 columns", capsys.readouterr().out)


# --- counting in bounded memory ------------------------------------------------------------------------------------------
def test_sample_of_keys_keeps_shares_of_repeats_and_links() -> None:
    ours, theirs = KeySample(limit=2_000), KeySample(limit=2_000)
    for start in range(0, 200_000, 20_000):
        keys = pd.Series([f"K{k}" for k in range(start, start + 20_000)])
        ours.add(hash_cells(keys))
        ours.add(hash_cells(keys.head(2_000)))
        theirs.add(hash_cells(keys.head(15_000)))
    assert len(ours.counts) <= 2_000
    assert ours.n_distinct == pytest.approx(200_000, rel=0.1)
    assert ours.n_repeats == pytest.approx(20_000, rel=0.3)
    assert ours.share_unknown_to(theirs) == pytest.approx(0.25, abs=0.05)


def test_sample_of_rows_is_uniform_over_chunks() -> None:
    sample = RowSample(limit=1_000)
    for start in range(0, 50_000, 5_000):
        sample.add(pd.DataFrame({"n": range(start, start + 5_000)}))
    assert len(sample.frame) == 1_000
    assert sample.frame["n"].mean() == pytest.approx(25_000, rel=0.1)
