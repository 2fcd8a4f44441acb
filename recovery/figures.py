"""Charts of the managers' dashboards: data in, a plotly Figure out. No database, no request, no clock.

Every chart is readable on a light and on a dark ground: the ground is transparent, the marks are Okabe-Ito hues at 3:1 on both,
and the page's style paints the text. Titles stand in the page, above the chart, where people can select and translate them:
`*_finding` functions write them.
"""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from html import escape

import plotly.graph_objects as go

from borrowers.measures.services import PAR_DAYS, BucketLine, CurrencyPortfolio, ParPoint, share
from recovery.measures import TierLine

# Hues of Okabe and Ito, shaded until each is at least 3:1 on white and on the dark ground.
GREEN, BLUE, OCHRE, VERMILION, PURPLE, GREY = "#00916a", "#2b7fb8", "#b37a00", "#d55e00", "#b0628f", "#7b8794"
BUCKET_COLOURS = {"current": GREEN, "1-30": BLUE, "31-60": OCHRE, "61-90": PURPLE, "91+": VERMILION}
TIER_COLOURS = {"low": GREEN, "medium": BLUE, "high": OCHRE, "very_high": VERMILION}
PAR_STYLES = {30: (OCHRE, "solid"), 60: (PURPLE, "dash"), 90: (VERMILION, "dot")}
BUCKET_WORDS = {
    "current": "current",
    "1-30": "1–30 days late",
    "31-60": "31–60 days late",
    "61-90": "61–90 days late",
    "91+": "over 90 days late",
}
INK = "#6b7785"  # where the page's own style does not reach, as in an exported picture
ROW_HEIGHT = 46
NBSP = "\u00a0"
ABSENT = "not available"

LinkTo = Callable[[str], str | None]


def short_money(amount: Decimal | float | None, currency: str = "") -> str:
    """Write an amount as people say it: NGN 12.3m, USD 850k, EUR 0; one that nobody knows is not available."""
    if amount is None:
        return ABSENT
    value = float(amount)
    for size, letter in ((1e12, "tn"), (1e9, "bn"), (1e6, "m"), (1e3, "k")):
        if abs(value) >= size * 0.9995:
            number = value / size
            text = f"{number:,.0f}" if abs(number) >= 99.95 else f"{number:,.1f}".removesuffix(".0")
            return f"{currency}{NBSP}{text}{letter}".strip()
    return f"{currency}{NBSP}{value:,.0f}".strip()


def percent(ratio: float | None) -> str:
    """Write a share as people read it: 0 %, <0.1 %, 4.2 %, 14.4 %, 100 %."""
    if ratio is None:
        return "–"
    value = ratio * 100
    if 0 < value < 0.05:
        return f"<0.1{NBSP}%"
    return f"{value:.0f}{NBSP}%" if value == 0 or value >= 99.95 else f"{value:.1f}{NBSP}%"


def rounded(ratio: float | None) -> str:
    """Write a share for a sentence, where decimals would be in the way: 77 %, under 1 %, almost all."""
    if ratio is None:
        return "–"
    if 0 < ratio < 0.01:
        return f"under 1{NBSP}%"
    return "almost all" if 0.99 < ratio < 1 else f"{ratio * 100:.0f}{NBSP}%"


def describe_change(now: float | None, earlier: float | None) -> str:
    """Write how a ratio moved: up 0.4 points, down 1.2 points, unchanged; blank where there is nothing to compare with."""
    if now is None or earlier is None:
        return ""
    points = (now - earlier) * 100
    if abs(points) < 0.05:
        return "unchanged"
    return f"{'up' if points > 0 else 'down'} {abs(points):.1f} points"


# --- what each chart says -----------------------------------------------------------------------------------------------
def bucket_finding(portfolio: CurrencyPortfolio) -> str:
    """Say in a sentence what the chart of buckets shows."""
    whole = portfolio.par.principal_amount
    if not portfolio.n_owing or whole == 0:
        return "Nothing is outstanding"
    size = _count if whole is None else _amount
    current = share(size(portfolio.buckets[0]), portfolio.n_owing if whole is None else whole)
    what = "loans are" if whole is None else "money is"
    late = [line for line in portfolio.buckets[1:] if size(line)]
    if not late:
        return f"All {'loans are' if whole is None else 'money lent is'} current"
    worst = max(late, key=size)
    return f"{rounded(current)} of the {what} current; most of the rest is {BUCKET_WORDS[worst.bucket]}"


def _amount(line: BucketLine | TierLine) -> Decimal:
    return line.principal_amount or Decimal()


def _count(line: BucketLine | TierLine) -> Decimal:
    return Decimal(line.n_loans)


def tier_finding(tiers: Sequence[TierLine]) -> str:
    """Say in a sentence what the chart of tiers shows."""
    by_count = any(line.principal_amount is None for line in tiers)
    size = _count if by_count else _amount
    whole = sum(map(size, tiers), Decimal())
    scored = [line for line in tiers if line.tier]
    if not whole:
        return "Nothing is outstanding"
    if not scored:
        return "No loan has a score yet"
    risky = sum((size(line) for line in scored if line.tier in ("high", "very_high")), Decimal())
    sentence = (
        f"{rounded(share(risky, whole))} of the {'loans are' if by_count else 'money is'} at high or very high risk"
    )
    unscored = sum(line.n_loans for line in tiers if not line.tier)
    return f"{sentence}; {loans_in_words(unscored)} without a score" if unscored else sentence


def par_finding(trend: Sequence[ParPoint]) -> str:
    """Say in a sentence how much is at risk now, and how that moved since the last month end."""
    now = trend[-1].ratio(30) if trend else None
    if now is None:
        return (
            "Portfolio at risk is not available" if trend and trend[-1].n_without_amount else "Nothing is outstanding"
        )
    change = describe_change(now, trend[-2].ratio(30)) if len(trend) > 1 else ""
    sentence = f"{percent(now)} of the money is more than 30 days late"
    return f"{sentence}, {change} since the end of {trend[-2].as_of:%B}" if change else sentence


def trend_finding(trend: Sequence[ParPoint]) -> str:
    """Say in a sentence where PAR30 went over all the months that are drawn."""
    points = [point for point in trend if point.ratio(30) is not None]
    if len(points) < 2:
        return "Portfolio at risk: no month end to compare with yet"
    first, last = points[0], points[-1]
    change = describe_change(last.ratio(30), first.ratio(30))
    if change == "unchanged":
        return f"The share more than 30 days late is what it was in {first.as_of:%B %Y}: {percent(last.ratio(30))}"
    verb = "rose" if change.startswith("up") else "fell"
    return (
        f"The share more than 30 days late {verb} from {percent(first.ratio(30))} to {percent(last.ratio(30))} "
        f"since {first.as_of:%B %Y}"
    )


def loans_in_words(count: int) -> str:
    return "1 loan" if count == 1 else f"{count:,} loans"


# --- charts ---------------------------------------------------------------------------------------------------------------
def bucket_chart(buckets: Sequence[BucketLine], currency: str, link_to: LinkTo) -> go.Figure:
    """Draw outstanding principal by bucket, one bar each, the amount, the share and the number of loans written at its end."""
    return bars(
        keys=[line.bucket.value for line in buckets],
        words=[BUCKET_WORDS[line.bucket] for line in buckets],
        amounts=[line.principal_amount for line in buckets],
        counts=[line.n_loans for line in buckets],
        colours=[BUCKET_COLOURS[line.bucket] for line in buckets],
        currency=currency,
        link_to=link_to,
    )


def tier_chart(tiers: Sequence[TierLine], currency: str, link_to: LinkTo) -> go.Figure:
    """Draw outstanding principal by risk tier, one bar each."""
    return bars(
        keys=[line.tier.value if line.tier else "none" for line in tiers],
        words=[f"{line.label} risk" if line.tier else line.label for line in tiers],
        amounts=[line.principal_amount for line in tiers],
        counts=[line.n_loans for line in tiers],
        colours=[TIER_COLOURS[line.tier] if line.tier else GREY for line in tiers],
        currency=currency,
        link_to=link_to,
    )


def bars(
    *,
    keys: Sequence[str],
    words: Sequence[str],
    amounts: Sequence[Decimal | None],
    counts: Sequence[int],
    colours: Sequence[str],
    currency: str,
    link_to: LinkTo,
) -> go.Figure:
    # Where the books have no balances, bars are as long as there are loans.
    sizes = [amount or Decimal() for amount in amounts] if None not in amounts else [Decimal(count) for count in counts]
    whole = sum(sizes, Decimal())
    longest = float(max(sizes, default=0))
    figure = go.Figure(
        go.Bar(
            orientation="h",
            x=[float(size) for size in sizes],
            y=list(keys),
            marker={"color": list(colours), "line": {"width": 0}},
            text=[
                f"<b>{short_money(amount)}</b> · {percent(share(size, whole))} · {loans_in_words(count)}"
                for amount, size, count in zip(amounts, sizes, counts, strict=True)
            ],
            textposition="none",
            customdata=[link_to(key) if count else None for key, count in zip(keys, counts, strict=True)],
            hovertemplate=f"{currency} %{{text}}<extra></extra>",
            width=0.38,
        )
    )
    # Words and numbers stand above their bars, so that a bar has the whole width of a telephone's screen.
    for key, word, numbers, url in zip(keys, words, figure.data[0].text, figure.data[0].customdata, strict=True):
        linked = f'<a href="{escape(url)}" target="_self">{escape(word)}</a>' if url else escape(word)
        place = {"y": key, "yanchor": "bottom", "yshift": 8, "showarrow": False}
        figure.add_annotation(x=0, xref="paper", xanchor="left", xshift=-2, text=linked, **place)
        figure.add_annotation(x=1, xref="paper", xanchor="right", text=numbers, **place)
    figure.update_xaxes(visible=False, range=[0, longest or 1], fixedrange=True)
    figure.update_yaxes(visible=False, autorange="reversed", fixedrange=True)
    return dressed(figure, height=ROW_HEIGHT * max(len(keys), 1) + 20)


def par_chart(trend: Sequence[ParPoint]) -> go.Figure:
    """Draw PAR30, PAR60 and PAR90 at month ends and today, each line named at its end; one dash pattern each."""
    figure = go.Figure()
    days = [point.as_of for point in trend]
    ends: list[tuple[int, float]] = []
    for par_days in PAR_DAYS:
        colour, dash = PAR_STYLES[par_days]
        ratios = [point.ratio(par_days) for point in trend]
        figure.add_scatter(
            x=days, y=ratios, name=f"PAR{par_days}", mode="lines+markers",
            line={"color": colour, "dash": dash, "width": 2.5}, marker={"size": 6, "symbol": "circle"},
            hovertemplate=f"PAR{par_days} on %{{x|%-d %b %Y}}: %{{y:.1%}}<extra></extra>",
        )  # fmt: skip
        if ratios and ratios[-1] is not None:
            ends.append((par_days, ratios[-1]))
    top = max((ratio for point in trend if (ratio := point.ratio(30)) is not None), default=0.0) or 0.01
    for (par_days, ratio), place in zip(ends, apart([ratio for _, ratio in ends], gap=top * 0.1), strict=True):
        figure.add_annotation(
            x=1, xref="paper", y=place, xanchor="left", xshift=8, showarrow=False, align="left",
            text=f"<b>PAR{par_days}</b> {percent(ratio)}", font={"size": 13},
        )  # fmt: skip
    ticks = days[::-1][::3][::-1]  # every third month end, today among them
    figure.update_xaxes(
        showgrid=False, fixedrange=True, linecolor=GREY, ticks="outside", tickvals=ticks,
        ticktext=month_words(ticks), tickangle=0,
    )  # fmt: skip
    figure.update_yaxes(
        tickformat=".0%" if top >= 0.04 else ".1%", rangemode="tozero", range=[0, top * 1.15], nticks=5,
        gridcolor="rgba(123, 135, 148, 0.25)", zeroline=False, fixedrange=True,
    )  # fmt: skip
    return dressed(figure, height=300, margin={"l": 46, "r": 122, "t": 8, "b": 44})


def month_words(days: Sequence[date]) -> list[str]:
    """Name months, and the year where it begins or changes, so that labels stay narrow."""
    return [
        f"{day:%b}<br>{day.year}" if place == 0 or day.year != days[place - 1].year else f"{day:%b}"
        for place, day in enumerate(days)
    ]


def apart(values: Sequence[float], *, gap: float) -> list[float]:
    """Move labels up until each is a gap above the next lower one; values come highest first."""
    places: list[float] = []
    floor = float("-inf")
    for value in reversed(values):
        floor = max(value, floor + gap)
        places.append(floor)
    return places[::-1]


def dressed(figure: go.Figure, *, height: int, margin: dict[str, int] | None = None) -> go.Figure:
    """Set what all charts share, the template included, so that no default of the library shows through."""
    figure.update_layout(
        template="none",
        height=height,
        margin=margin or {"l": 0, "r": 0, "t": 4, "b": 4},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "system-ui, sans-serif", "size": 14, "color": INK},
        showlegend=False,
        hoverlabel={"bgcolor": "#17202b", "font": {"color": "#ffffff"}, "bordercolor": "#17202b"},
        dragmode=False,
        bargap=0.5,
    )
    return figure
