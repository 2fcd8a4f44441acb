"""What the templates need: links by role, icons, and money, dates and tiers in words."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django import template
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from borrowers.querysets import OWING_BUCKETS
from creditpath.access import may_call
from recovery.contacts.permission import Answer
from recovery.templatetags.drawings import ICONS, TIER_SHAPES

register = template.Library()


@register.filter
def breakable(text: object) -> SafeString:
    """Let long names end a line after an underscore, rather than anywhere; the text itself stays as it is when copied."""
    return mark_safe("_<wbr>".join(conditional_escape(part) for part in str(text).split("_")))  # noqa: S308  each part is escaped


class Link(NamedTuple):
    """One entry of the navigation."""

    label: str
    url: str
    is_here: bool


class Group(NamedTuple):
    """Entries that fold into one where a person has many."""

    label: str
    links: tuple[Link, ...]
    is_here: bool


# In the order of the bar; the matrix of creditpath.access decides who sees which.
NAVIGATION = (
    ("home", "Home"),
    ("recovery:worklist", "Worklist"),
    ("recovery:inbound", "Inbound"),
    ("recovery:outbox", "Messages"),
    ("recovery:plans", "Plans"),
    ("recovery:grievances", "Disputes"),
    ("recovery:approvals", "Approvals"),
    ("recovery:retention", "Evidence"),
    ("recovery:teams", "Teams"),
    ("recovery:alerts", "Alerts"),
    ("recovery:portfolio-dashboard", "Portfolio"),
    ("recovery:policies", "Policies"),
    ("scoring:models", "Models"),
    ("borrowers:imports", "Import"),
    ("admin:index", "Admin"),
    ("api:docs", "API"),
)


# Whoever may open more than MOST_ENTRIES pages finds these in a menu each.
MOST_ENTRIES = 7
GROUPS = {
    "Cases": ("Plans", "Disputes", "Approvals", "Evidence"),
    "Team": ("Teams", "Alerts", "Portfolio"),
    "Rules": ("Policies", "Models"),
    "Set-up": ("Import", "Admin", "API"),
}


# Pages that stand below one of the bar.
BELOW = {
    "recovery:worklist": ("recovery:borrower",),
    "borrowers:imports": ("borrowers:import",),
    "recovery:inbound": ("recovery:inbound-check", "recovery:inbound-disclosure"),
    "recovery:plans": ("recovery:care-reviews", "recovery:care-records", "recovery:plan", "recovery:make-plan"),
    "recovery:outbox": ("recovery:message-templates", "recovery:message-template", "recovery:write-message", "recovery:dialler"),
    "recovery:grievances": ("recovery:grievance", "recovery:record-grievance"),
    "recovery:approvals": ("recovery:propose",),
    "recovery:retention": ("recovery:evidence",),
    "scoring:models": (
        "scoring:model", "scoring:live-models", "scoring:model-card", "scoring:training", "scoring:training-run",
        "recovery:model-dashboard",
    ),
    "recovery:teams": ("recovery:team-member",),
    "recovery:policies": (
        "recovery:policy", "recovery:policy-line", "recovery:add-policy-line", "recovery:policy-replay",
        "recovery:compare-policies",
    ),
}  # fmt: skip


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
        is_here = here == route or here in BELOW.get(route, ())
        links.append(Link(label, url, is_here))
    return links


@register.filter
def in_groups(links: list[Link]) -> list[Group]:
    """Fold links into their groups where there are many; a group of one link is that link."""
    if len(links) <= MOST_ENTRIES:
        return [Group(link.label, (link,), link.is_here) for link in links]
    group_of = {label: group for group, labels in GROUPS.items() for label in labels}
    folded: dict[str, list[Link]] = {}
    for link in links:
        folded.setdefault(group_of.get(link.label, link.label), []).append(link)
    return [
        Group(label if len(inside) > 1 else inside[0].label, tuple(inside), any(link.is_here for link in inside))
        for label, inside in folded.items()
    ]


@register.simple_tag(takes_context=True)
def may(context: template.Context, route: str, method: str = "GET") -> bool:
    """Say whether the person looking may call a route."""
    return may_call(context["request"].user, route, method)


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
    return format_html('<span class="tier tier-{}">{}{}</span>', name, _svg(TIER_SHAPES[name], 12), TIER_WORDS[name])


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
def action_icon(action: str, size: int = 16) -> SafeString:
    """Draw the icon of an action where its name stands beside it."""
    return icon(action, size) if action in ICONS else mark_safe("")


@register.simple_tag
def bucket(figures: Any) -> SafeString:
    """Show how late a loan is, in words with a shape."""
    if figures is None:
        return mark_safe('<span class="badge">not computed yet</span>')
    if figures.bucket not in OWING_BUCKETS:
        return format_html('<span class="badge">{}</span>', figures.get_bucket_display())
    if not figures.days_past_due:
        return format_html('<span class="badge good">{} current</span>', icon("check", 12))
    days = figures.days_past_due
    words = f"{days:,} day{'' if days == 1 else 's'} late"
    tone = "bad" if days > 30 else "warn"
    return format_html('<span class="badge {}">{} {}</span>', tone, icon("clock", 12), words)


@register.filter
def minutes(value: int | Decimal) -> str:
    """Write a time of work: "45 minutes", "6 hours"."""
    return f"{value:.0f} minutes" if value < 90 else f"{value / 60:,.0f} hours"


@register.simple_tag
def gate_time(answer: Answer, instant: datetime | None, zone: str) -> SafeString:
    """Show the time of day at a person's place, with the reason where the gate would not let them be contacted now."""
    written = local_time(instant, zone) or "unknown"
    if answer.is_allowed:
        return format_html("{}", written)
    word = SHORT_REASONS.get(answer.reasons[0].code, "on hold")
    return format_html(
        '<span class="off-hours" title="{}">{} {}<span class="small"> {}</span></span>',
        answer.sentence,
        icon("moon" if word == "not now" else "warning", 12),
        written,
        word,
    )


# What stands in the way, in two words; a hold is called a hold.
SHORT_REASONS = {
    "outside_hours": "not now",
    "inconvenient_time": "not now",
    "call_limit": "no attempts left",
    "sms_limit": "no attempts left",
    "email_limit": "no attempts left",
    "visit_limit": "no attempts left",
    "conversation_wait": "spoken to lately",
    "opted_out": "opted out",
    "no_jurisdiction": "no jurisdiction",
    "no_rules": "no rules",
    "no_zone": "no time zone",
    "unknown_zone": "no time zone",
}


@register.filter
def money(amount: Decimal | None, currency: str = "") -> str:
    """Write an amount with thousands separators and its currency: "NGN 12,500.00"; whole amounts keep their decimals."""
    if amount in (None, ""):  # no refresh has seen the loan yet, or the lender's snapshots do not give it
        return "not available"
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


@register.simple_tag
def share(ratio: float) -> str:
    """Write a part of a whole as whole per cent; what is nearly nothing is not called nothing."""
    return "under 1 %" if 0 < ratio < 0.01 else f"{ratio * 100:.0f} %"


@register.filter
def exact_percent(ratio: float | None) -> str:
    """Write a share with the digits that small ones need: "0.03 %", "12 %"."""
    if ratio is None:
        return "–"
    percent = ratio * 100
    return (
        f"{percent:.0f} %"
        if percent >= 10 or percent == 0
        else f"{percent:.1f} %"
        if percent >= 1
        else f"{percent:.2f} %"
    )


@register.filter
def absolute(number: float) -> float:
    return abs(number)


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
