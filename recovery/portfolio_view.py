"""The portfolio pages: a sentence, the key figures, the charts, the same figures as tables, and what moved as tables alone."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from borrowers.errors import NoBusinessDate
from borrowers.measures.services import PAR_DAYS, PortfolioFilter, share
from borrowers.services import get_business_date
from recovery import figures
from recovery.dashboards import portfolio_app
from recovery.measures import CurrencyPanel, measure_dashboard
from recovery.movement import measure_movement
from recovery.movement_tables import describe_movement, name_movement
from recovery.portfolio import PortfolioForm, link_loans


@require_safe
def portfolio_dashboard(request: HttpRequest) -> HttpResponse:
    """Show managers how the portfolio stands; eight queries, four of them aggregates over the books."""
    form = PortfolioForm(request.GET)
    only = form.asked
    try:
        day = get_business_date()
    except NoBusinessDate as nothing_yet:
        return render(request, "recovery/portfolio_dashboard.html", {"form": form, "nothing_yet": nothing_yet.detail})
    measured = measure_dashboard(day=day, only=only)
    context = {
        "form": form,
        "is_filtered": only != PortfolioFilter(),
        "asked": _query_of(request),
        "charts": portfolio_app,
        "measured": measured,
        "panels": [_described(panel, link_loans(request.user, only, panel.currency)) for panel in measured.panels],  # type: ignore[arg-type]
    }
    return render(request, "recovery/portfolio_dashboard.html", context)


@require_safe
def portfolio_movement(request: HttpRequest) -> HttpResponse:
    """Show managers what moved as plain tables that need no script; nine aggregates over a year of month ends."""
    form = PortfolioForm(request.GET)
    context: dict[str, Any] = {
        "form": form,
        "is_filtered": form.asked != PortfolioFilter(),
        "asked": _query_of(request),
    }
    try:
        day = get_business_date()
    except NoBusinessDate as nothing_yet:
        return render(request, "recovery/portfolio_movement.html", context | {"nothing_yet": nothing_yet.detail})
    panels = measure_movement(day=day, only=form.asked)
    context |= {
        "day": day,
        "panels": [
            {"name": name_movement(panel, has_name=len(panels) > 1), "cards": describe_movement(panel)}
            for panel in panels
        ],
    }
    return render(request, "recovery/portfolio_movement.html", context)


def _query_of(request: HttpRequest) -> str:
    return f"?{request.GET.urlencode()}" if request.GET else ""


def _described(panel: CurrencyPanel, link_to: Callable[..., str | None]) -> dict[str, Any]:
    """Put a panel's figures into the words and rows that the page shows."""
    portfolio, whole = panel.portfolio, panel.portfolio.par.principal_amount
    earlier = panel.last_month_end
    return {
        "currency": panel.currency,
        "portfolio": portfolio,
        "par_headline": figures.par_finding(panel.trend),
        "over_30": figures.short_money(portfolio.par.over_amounts[0], panel.currency),
        "principal": figures.short_money(whole, panel.currency),
        "overdue": figures.short_money(portfolio.overdue_amount, panel.currency),
        "written_off": figures.short_money(portfolio.written_off_amount, panel.currency),
        "written_off_url": link_to(bucket="written_off") if portfolio.n_written_off else None,
        "par": [
            {
                "days": days,
                "ratio": figures.percent(portfolio.par.ratio(days)),
                "amount": figures.short_money(amount, panel.currency),
                "change": figures.describe_change(portfolio.par.ratio(days), earlier.ratio(days) if earlier else None),
            }
            for days, amount in zip(PAR_DAYS, portfolio.par.over_amounts, strict=True)
        ],
        "earlier": earlier,
        "buckets": [
            {
                "word": figures.BUCKET_WORDS[line.bucket],
                "line": line,
                "share": figures.percent(share(line.principal_amount, whole)),
                "url": link_to(bucket=line.bucket.value) if line.n_loans else None,
            }
            for line in portfolio.buckets
        ],
        "tiers": [
            {
                "line": line,
                "share": figures.percent(share(line.principal_amount, whole)),
                "url": link_to(bucket="owing", tier=line.tier.value if line.tier else "none"),
            }
            for line in panel.tiers
        ],
        "trend": [
            {
                "point": point,
                "is_now": point is portfolio.par,
                "ratios": [figures.percent(point.ratio(days)) for days in PAR_DAYS],
            }
            for point in reversed(panel.trend)
        ],
    }
