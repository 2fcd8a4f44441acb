"""What the templates need: links by role, icons, and money, dates and tiers in words."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django import template
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from creditpath.access import may_call

register = template.Library()


class Link(NamedTuple):
    """One entry of the navigation."""

    label: str
    url: str
    is_here: bool


# In the order of the bar; the matrix of creditpath.access decides who sees which.
NAVIGATION = (
    ("home", "Home"),
    ("recovery:worklist", "Worklist"),
    ("recovery:portfolio-dashboard", "Portfolio"),
    ("admin:index", "Admin"),
    ("api:docs", "API"),
)


@register.simple_tag(takes_context=True)
def navigation(context: template.Context) -> list[Link]:
    """Return the pages that the person looking may open."""
    request: HttpRequest | None = context.get("request")
    user = getattr(request, "user", None)
    if request is None or user is None or not user.is_authenticated:
        return []
    here = getattr(request.resolver_match, "view_name", "") or ""
    links = []
    for route, label in NAVIGATION:
        if not may_call(user, route):
            continue
        try:
            url = reverse(route)
        except NoReverseMatch:  # a part of the site that is not installed has no link
            continue
        is_here = here == route or (route == "recovery:worklist" and here == "recovery:borrower")
        links.append(Link(label, url, is_here))
    return links


@register.simple_tag(takes_context=True)
def may(context: template.Context, route: str, method: str = "GET") -> bool:
    """Say whether the person looking may call a route."""
    return may_call(context["request"].user, route, method)


# Shapes of 16 x 16, drawn with the colour of the text around them.
ICONS = {
    "call": '<path d="M3.5 2.5h2l1.2 3-1.5 1.2a8 8 0 0 0 4.1 4.1l1.2-1.5 3 1.2v2a1 1 0 0 1-1.1 1A10.5 10.5 0 0 1 2.5 3.6a1 1 0 0 1 1-1.1Z"/>',
    "sms": '<path d="M2.5 3.5h11v7.5h-6l-3 2.5V11h-2z"/><path d="M5.5 6.5h5M5.5 8.5h3"/>',
    "email": '<path d="M2 3.5h12v9H2z"/><path d="m2.5 4.5 5.5 4 5.5-4"/>',
    "letter": '<path d="M3 2h7l3 3v9H3z"/><path d="M5.5 7.5h5M5.5 10h5"/>',
    "reminder": '<path d="M4 11V7a4 4 0 0 1 8 0v4l1 1.5H3z"/><path d="M6.8 14.2h2.4"/>',
    "visit": '<path d="M2.5 7.5 8 2.5l5.5 5v6h-11z"/><path d="M6.5 13.5v-4h3v4"/>',
    "plan": '<path d="M2.5 3.5h11v10h-11zM2.5 6.5h11M5.5 2v3M10.5 2v3"/><path d="m5.8 10 1.5 1.5 3-3"/>',
    "settlement": '<circle cx="8" cy="8" r="5.8"/><path d="m5.5 8.3 1.8 1.7 3.3-3.8"/>',
    "legal_review": '<path d="M8 2.5v11M4.5 13.5h7M3 5l5-1.5L13 5M3 5l-1.5 4h3zM13 5l-1.5 4h3z"/>',
    "no_action": '<circle cx="8" cy="8" r="5.8"/><path d="M5.5 8h5"/>',
    "inbound": '<path d="M13.5 2.5 9 7M9 3.5V7h3.5"/><path d="M3 3.5h1.7l1 2.5-1.2 1a7 7 0 0 0 3.5 3.5l1-1.2 2.5 1V12a1 1 0 0 1-1.1 1A9.5 9.5 0 0 1 2 4.6a1 1 0 0 1 1-1.1Z"/>',
    "payment": '<rect x="2" y="4" width="12" height="8" rx="1"/><circle cx="8" cy="8" r="1.8"/>',
    "promise": '<path d="M8 2.2v3M8 10.8v3"/><path d="M3 8.5 6.5 12 13 4.5"/>',
    "score": '<path d="M2.5 13V9.5M6.2 13V6.5M9.8 13V8M13.5 13V3"/>',
    "check": '<path d="m3 8.5 3.2 3.2L13 4.8"/>',
    "clock": '<circle cx="8" cy="8" r="5.8"/><path d="M8 4.8V8l2.2 1.5"/>',
    "search": '<circle cx="7" cy="7" r="4.3"/><path d="m10.3 10.3 3.4 3.4"/>',
    "menu": '<path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11"/>',
    "next": '<path d="M3 8h9.5M9 4.5 12.5 8 9 11.5"/>',
    "previous": '<path d="M13 8H3.5M7 4.5 3.5 8 7 11.5"/>',
    "out": '<path d="M6.5 2.5h-4v11h4M6.5 8H14M11 5l3 3-3 3"/>',
    "info": '<circle cx="8" cy="8" r="5.8"/><path d="M8 7.3v3.5M8 5v.1"/>',
    "warning": '<path d="M8 2.3 14.3 13.5H1.7z"/><path d="M8 6.5v3.3M8 11.7v.1"/>',
    "sun": '<circle cx="8" cy="8" r="2.8"/><path d="M8 1.5v1.7M8 12.8v1.7M1.5 8h1.7M12.8 8h1.7M3.4 3.4l1.2 1.2M11.4 11.4l1.2 1.2M3.4 12.6l1.2-1.2M11.4 4.6l1.2-1.2"/>',
    "moon": '<path d="M13.3 9.7A5.8 5.8 0 0 1 6.3 2.7a5.8 5.8 0 1 0 7 7Z"/>',
    "half": '<circle cx="8" cy="8" r="5.8"/><path d="M8 2.2a5.8 5.8 0 0 1 0 11.6z" fill="currentColor"/>',
    "inbox": '<path d="M2.5 9.5 4.5 3.5h7l2 6v3.5h-11z"/><path d="M2.5 9.5H6c.3 1.3 1 2 2 2s1.7-.7 2-2h3.5"/>',
    "people": '<circle cx="6" cy="5.5" r="2.3"/><path d="M2 13c0-2.5 1.7-4 4-4s4 1.5 4 4M10.5 3.4a2.3 2.3 0 0 1 0 4.2M11.8 9.3c1.4.6 2.2 1.9 2.2 3.7"/>',
}

# Tiers by shape: a circle, a diamond, a triangle, a filled octagon.
TIER_SHAPES = {
    "low": '<circle cx="8" cy="8" r="5" fill="none" stroke="currentColor" stroke-width="2.5"/>',
    "medium": '<path d="M8 2.2 13.8 8 8 13.8 2.2 8z" fill="none" stroke="currentColor" stroke-width="2.3"/>',
    "high": '<path d="M8 2.5 14.3 13.3H1.7z" fill="currentColor"/>',
    "very_high": '<path d="M5.4 1.7h5.2l3.7 3.7v5.2l-3.7 3.7H5.4l-3.7-3.7V5.4z" fill="currentColor"/>',
}
TIER_WORDS = {"low": "low", "medium": "medium", "high": "high", "very_high": "very high"}


def _svg(inside: str, size: int) -> SafeString:
    return format_html(
        '<svg width="{0}" height="{0}" viewBox="0 0 16 16" aria-hidden="true" focusable="false">{1}</svg>',
        size,
        mark_safe(inside),  # noqa: S308 - only the constants above come here
    )


@register.simple_tag
def icon(name: str, size: int = 16) -> SafeString:
    """Draw an icon; it says nothing to a screen reader, so a word stands beside it."""
    lines = '<g fill="none" stroke="currentColor" stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round">'
    return _svg(f"{lines}{ICONS[name]}</g>", size)


@register.simple_tag
def tier(name: str | None) -> SafeString:
    """Show a risk tier as shape, word and colour."""
    if name not in TIER_WORDS:
        return mark_safe('<span class="soft">not scored</span>')
    return format_html('<span class="tier tier-{}">{}{} risk</span>', name, _svg(TIER_SHAPES[name], 12), TIER_WORDS[name])


# What an action asks a person to do.
VERBS = {
    "no_action": "Leave them be today",
    "reminder": "Send a reminder",
    "email": "Send an e-mail",
    "sms": "Send a text message",
    "call": "Call",
    "plan": "Offer a payment plan",
    "settlement": "Offer a settlement",
    "visit": "Visit",
    "legal_review": "Review for legal action",
}


@register.simple_tag
def action_verb(action: str, size: int = 16) -> SafeString:
    """Show an action as an icon and what it asks a person to do."""
    drawing = icon(action, size) if action in ICONS else ""
    return format_html('<span class="with-icon action">{}{}</span>', drawing, VERBS.get(action, action))


@register.simple_tag
def bucket(figures: Any) -> SafeString:
    """Show how late a loan is, in words with a shape."""
    if figures is None:
        return mark_safe('<span class="badge">not computed yet</span>')
    if figures.bucket in ("paid_off", "written_off"):
        return format_html('<span class="badge">{}</span>', figures.get_bucket_display())
    if not figures.days_past_due:
        return format_html('<span class="badge good">{} current</span>', icon("check", 12))
    days = figures.days_past_due
    words = f"{days:,} day{'' if days == 1 else 's'} late"
    tone = "bad" if days > 30 else "warn"
    return format_html('<span class="badge {}">{} {}</span>', tone, icon("clock", 12), words)


@register.filter
def minutes(value: int) -> str:
    """Write a time of work: "45 minutes", "6 hours"."""
    return f"{value} minutes" if value < 90 else f"{value / 60:,.0f} hours"


@register.simple_tag
def local_time_of(instant: datetime | None, zone: str) -> str:
    """Return the time of day at a place; empty where the zone is unknown."""
    return local_time(instant, zone)


@register.filter
def money(amount: Decimal | None, currency: str = "") -> str:
    """Write an amount with thousands separators and its currency: "NGN 12,500.00"; whole amounts keep their decimals."""
    if amount is None:
        return "–"
    return f"{currency} {amount:,.2f}".replace(" -", " −").strip()


@register.filter
def day(value: date | None) -> str:
    """Write a date as "30 Jun 2026"."""
    return f"{value.day} {value:%b %Y}" if value else "–"


@register.filter
def short_day(value: date | None) -> str:
    """Write a date without its year, where the year is plain from the page: "30 Jun"."""
    return f"{value.day} {value:%b}" if value else "–"


@register.filter
def percent(ratio: float | None) -> str:
    """Write a probability as whole per cent, with the edges in words."""
    if ratio is None:
        return "–"
    if ratio < 0.01:
        return "under 1 %"
    if ratio > 0.99:
        return "over 99 %"
    return f"{ratio * 100:.0f} %"


@register.filter
def out_of_ten(ratio: float | None) -> str:
    """Write a probability as people count: "about 3 in 10"."""
    if ratio is None:
        return ""
    if ratio < 0.05:
        return "fewer than 1 in 20"
    if ratio > 0.95:
        return "more than 19 in 20"
    return f"about {round(ratio * 10) or 1} in 10"


@register.filter
def days_ago(value: date | None, today: date | None) -> str:
    """Write how long ago a day was: "today", "yesterday", "12 days ago"."""
    if value is None or today is None:
        return ""
    gap = (today - value).days
    if gap == 0:
        return "today"
    if gap == 1:
        return "yesterday"
    if gap == -1:
        return "tomorrow"
    return f"{gap} days ago" if gap > 0 else f"in {-gap} days"


@register.filter
def local_time(instant: datetime | None, zone: str) -> str:
    """Write the time of day at a place: "14:05"; empty where the zone is unknown."""
    if instant is None or not zone:
        return ""
    try:
        return f"{instant.astimezone(ZoneInfo(zone)):%H:%M}"
    except (ZoneInfoNotFoundError, ValueError):
        return ""


@register.filter
def masked(value: str, kind: str) -> str:
    """Hide the middle of a telephone number or e-mail address; postal addresses show their last part alone."""
    if kind == "email":
        name, at, domain = value.partition("@")
        return f"{name[:1]}•••{at}{domain}"
    if kind == "phone":
        return f"••• ••• {value[-4:]}" if len(value) > 4 else "•••"
    return f"•••, {value.rpartition(',')[2].strip()}"


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: Any) -> str:
    """Return the query string of this page with some values changed; None or "" takes one away."""
    values = context["request"].GET.copy()
    for key, value in changes.items():
        if value in (None, ""):
            values.pop(key, None)
        else:
            values[key] = value
    return f"?{values.urlencode()}"


@register.filter
def initials(user: Any) -> str:
    """Return the two letters that stand for a person."""
    name = user.get_full_name() or user.username
    words = name.replace(".", " ").replace("_", " ").split()
    return "".join(word[0] for word in words[:2]) if len(words) > 1 else name[:2]
