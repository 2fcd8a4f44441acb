"""Charts: pure functions of data, readable on both grounds, labelled, and asking nobody outside."""

import json
from datetime import date
from decimal import Decimal
from itertools import pairwise

import plotly.graph_objects as go
import pytest

from borrowers.measures.services import BucketLine, CurrencyPortfolio, ParPoint
from borrowers.models import Bucket
from recovery import figures
from recovery.measures import TierLine
from scoring.models import Tier

LIGHT_GROUND, DARK_GROUND = "#ffffff", "#181e26"  # --cp-surface


def _line(bucket: Bucket, amount: int, n_loans: int = 3) -> BucketLine:
    return BucketLine(bucket, n_loans if amount else 0, Decimal(amount), Decimal(amount) / 10)


BUCKETS = tuple(
    _line(bucket, amount)
    for bucket, amount in zip(
        [Bucket.CURRENT, Bucket.DPD_1_30, Bucket.DPD_31_60, Bucket.DPD_61_90, Bucket.DPD_91],
        [7_700_000, 1_200_000, 0, 500_000, 600_000],
        strict=True,
    )
)
TIERS = (
    TierLine(Tier.LOW, 70, Decimal(7_000), Decimal(70)),
    TierLine(Tier.VERY_HIGH, 5, Decimal(2_000), Decimal(900)),
    TierLine(None, 2, Decimal(1_000), Decimal(0)),
)


def _point(day: date, *shares: int) -> ParPoint:
    over_30, over_60, over_90 = (Decimal(share) for share in shares)
    return ParPoint(day, Decimal(1000), (over_30, over_60, over_90))


TREND = [
    _point(date(2026, 4, 30), 100, 60, 40),
    _point(date(2026, 5, 31), 120, 60, 40),
    _point(date(2026, 6, 30), 150, 90, 41),
]


def _charts() -> list[go.Figure]:
    return [
        figures.bucket_chart(BUCKETS, "NGN", lambda bucket: f"/list?bucket={bucket}"),
        figures.tier_chart(TIERS, "NGN", lambda tier: None),
        figures.par_chart(TREND),
    ]


def _portfolio(buckets: tuple[BucketLine, ...] = BUCKETS) -> CurrencyPortfolio:
    whole = sum((line.principal_amount for line in buckets), Decimal())
    par = ParPoint(date(2026, 6, 30), whole, (Decimal(0), Decimal(0), Decimal(0)))
    return CurrencyPortfolio("NGN", buckets, par, 9, 0, Decimal(0), 0, date(2026, 6, 30))


def _luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    high, low = sorted([_luminance(one), _luminance(other)], reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("ground", [LIGHT_GROUND, DARK_GROUND])
def test_every_mark_stands_out_three_to_one_from_both_grounds(ground: str) -> None:
    colours = {*figures.BUCKET_COLOURS.values(), *figures.TIER_COLOURS.values(), figures.GREY}
    colours |= {colour for colour, _ in figures.PAR_STYLES.values()}
    for colour in colours:
        assert _contrast(colour, ground) >= 3, colour


def test_no_colour_and_no_dash_means_two_things() -> None:
    for meaning in (figures.BUCKET_COLOURS, figures.TIER_COLOURS):
        assert len(set(meaning.values())) == len(meaning)
    assert len({dash for _, dash in figures.PAR_STYLES.values()}) == 3


def test_charts_bring_their_own_look_and_ask_nobody_outside() -> None:
    for figure in _charts():
        text = json.dumps(figure.to_plotly_json(), default=str)
        assert "http" not in text
        assert all(trace.type in {"bar", "scatter"} for trace in figure.data)
        assert figure.layout.template.layout.to_plotly_json() == {}
        assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0,0,0,0)"


def test_every_bar_says_its_word_amount_share_and_count() -> None:
    figure = figures.bucket_chart(BUCKETS, "NGN", lambda bucket: None)
    words = [annotation.text for annotation in figure.layout.annotations]
    assert "current" in words
    assert f"<b>7.7m</b> · 77.0{figures.NBSP}% · 3 loans" in words


def test_bar_leads_to_the_list_behind_it_and_an_empty_one_to_none() -> None:
    figure = figures.bucket_chart(BUCKETS, "NGN", lambda bucket: f"/list?bucket={bucket}")
    links = list(figure.data[0].customdata)
    assert links == ["/list?bucket=current", "/list?bucket=1-30", None, "/list?bucket=61-90", "/list?bucket=91+"]


def test_lines_are_named_at_their_ends_without_covering_each_other() -> None:
    flat = [_point(day, 51, 50, 49) for day in (date(2026, 5, 31), date(2026, 6, 30))]
    labels = figures.par_chart(flat).layout.annotations
    assert [label.text.split("</b>")[0] for label in labels] == ["<b>PAR30", "<b>PAR60", "<b>PAR90"]
    heights = [label.y for label in labels]
    assert min(high - low for high, low in pairwise(heights)) > 0.004


@pytest.mark.parametrize(("n_points", "amount"), [(1, 0), (1, 1000), (2, 0), (2, 1000)])
def test_little_or_nothing_to_draw_is_drawn_all_the_same(n_points: int, amount: int) -> None:
    point = ParPoint(date(2026, 6, 30), Decimal(amount), (Decimal(0), Decimal(0), Decimal(0)))
    assert isinstance(figures.par_chart([point] * n_points), go.Figure)
    assert isinstance(figures.tier_chart((), "NGN", lambda tier: None), go.Figure)
    assert figures.trend_finding([point] * n_points)
    assert figures.par_finding([point] * n_points)


def test_findings_say_what_the_charts_show() -> None:
    assert (
        figures.bucket_finding(_portfolio())
        == f"77{figures.NBSP}% of the money is current; most of the rest is 1–30 days late"
    )
    assert figures.bucket_finding(_portfolio(())) == "Nothing is outstanding"
    assert (
        figures.tier_finding(TIERS)
        == f"20{figures.NBSP}% of the money is at high or very high risk; 2 loans without a score"
    )
    assert figures.tier_finding(()) == "Nothing is outstanding"
    rise = figures.par_finding(TREND).replace(figures.NBSP, " ")
    assert rise == "15.0 % of the money is more than 30 days late, up 3.0 points since the end of May"
    year = figures.trend_finding(TREND).replace(figures.NBSP, " ")
    assert year == "The share more than 30 days late rose from 10.0 % to 15.0 % since April 2026"


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "0"), (999, "999"), (1000, "1k"), (12_345, "12.3k"), (999_600, "1m"), (7_700_000, "7.7m"),
        (123_456_789, "123m"), (2_000_000_000, "2bn"), (-1500, "-1.5k"),
    ],
)  # fmt: skip
def test_amounts_are_written_short(amount: int, text: str) -> None:
    assert figures.short_money(Decimal(amount)) == text


@pytest.mark.parametrize(
    ("ratio", "text"),
    [(None, "–"), (0.0, "0 %"), (0.0001, "<0.1 %"), (0.042, "4.2 %"), (0.144, "14.4 %"), (1.0, "100 %")],
)
def test_shares_are_written_as_people_read_them(ratio: float | None, text: str) -> None:
    assert figures.percent(ratio).replace(figures.NBSP, " ") == text
