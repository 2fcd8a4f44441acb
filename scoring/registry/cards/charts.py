"""Charts of a card as SVG: pure functions of the arrays that are kept with a model. Colours come from the page's classes."""

from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

WIDTH, HEIGHT = 320, 240
LEFT, RIGHT, TOP, BOTTOM = 58, 18, 10, 34
Points = Sequence[Sequence[float]]


def line_chart(
    lines: Sequence[tuple[str, Points]],
    *,
    title: str,
    x: str,
    y: str,
    diagonal: bool = False,
    level: float | None = None,
    ranges: Sequence[tuple[float, float, float]] = (),
    most: float = 1.0,
) -> SafeString:
    """Draw lines of (x, y) in [0, most] by the class of each, with a diagonal, a level, or ranges (x, low, high) beside them."""
    parts = [_frame(x, y, most=most)]
    if diagonal:
        parts.append(_path([(0, 0), (most, most)], "chart-guide", most))
    if level is not None:
        parts.append(_path([(0, level), (most, level)], "chart-guide", most))
    for at, low, high in ranges:
        parts.append(_path([(at, low), (at, high)], "chart-range", most))
    for name, points in lines:
        parts.append(_path(points, f"chart-line {name}", most))
        if len(points) <= 12:
            parts += [
                format_html('<circle class="chart-dot {}" cx="{}" cy="{}" r="3"/>', name, *_place(px, py, most))
                for px, py in points
            ]
    return _svg(title, parts)


def bar_chart(rows: Sequence[tuple[str, float]], *, title: str, digits: int = 3) -> SafeString:
    """Draw one bar for each name, the longest first, with its figure."""
    most = max((value for _, value in rows), default=0) or 1
    step = 20
    bars = [
        format_html(
            '<text class="chart-name" x="{}" y="{}">{}</text><rect class="chart-bar" x="{}" y="{}" width="{}" height="11"/>'
            '<text class="chart-figure" x="{}" y="{}">{}</text>',
            WIDTH // 2 - 6, 14 + step * n, name[:34],
            WIDTH // 2, 5 + step * n, f"{max(1.0, 110 * value / most):.1f}",
            f"{WIDTH // 2 + 114 * value / most + 4:.1f}", 14 + step * n, f"{value:.{digits}f}",
        )
        for n, (name, value) in enumerate(rows)
    ]  # fmt: skip
    return _svg(title, bars, height=step * len(rows) + 6)


def distribution_chart(
    good: Sequence[float], bad: Sequence[float], edges: Sequence[float], *, title: str
) -> SafeString:
    """Draw the shares of good and of bad rows by bins of the score; both have the same area."""
    shares = [[n / (sum(rows) or 1) for n in rows] for rows in (good, bad)]
    most = max((max(rows, default=0) for rows in shares), default=0) or 1
    n = max(len(good), 1)
    width = (WIDTH - LEFT - RIGHT) / n
    bars = [
        format_html(
            '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>',
            name, f"{LEFT + width * k + offset:.1f}", f"{_y(share / most):.1f}", f"{width / 2 - 0.5:.1f}",
            f"{(HEIGHT - TOP - BOTTOM) * share / most:.1f}",
        )
        for name, rows, offset in (("chart-good", shares[0], 0.0), ("chart-bad", shares[1], width / 2))
        for k, share in enumerate(rows)
    ]  # fmt: skip
    ticks = [
        format_html(
            '<text class="chart-tick" x="{}" y="{}">{}</text>', f"{LEFT + width * k:.1f}", HEIGHT - BOTTOM + 14, text
        )
        for k, text in ((k, _percent(edges[k])) for k in range(0, n + 1, max(1, n // 4)) if k < len(edges))
    ]
    axis = format_html(
        '<path class="chart-axis" d="M{} {}H{}"/><text class="chart-label" x="{}" y="{}">probability (log-odds scale)</text>',
        LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 4,
    )  # fmt: skip
    return _svg(title, [axis, *bars, *ticks])


def _svg(title: str, parts: Sequence[SafeString], *, height: int = HEIGHT) -> SafeString:
    inside = format_html_join("", "{}", ((part,) for part in parts))
    return format_html(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>', WIDTH, height, title, inside
    )


def _frame(x: str, y: str, *, most: float) -> SafeString:
    grid = [
        format_html(
            '<path class="chart-grid" d="M{} {}H{}"/><text class="chart-tick end" x="{}" y="{}">{}</text>'
            '<text class="chart-tick" x="{}" y="{}">{}</text>',
            LEFT, f"{_y(k / 4):.1f}", WIDTH - RIGHT, LEFT - 6, f"{_y(k / 4) + 4:.1f}", _percent(most * k / 4),
            f"{_x(k / 4):.1f}", HEIGHT - BOTTOM + 14, _percent(most * k / 4),
        )
        for k in range(5)
    ]  # fmt: skip
    labels = format_html(
        '<text class="chart-label" x="{}" y="{}">{}</text><text class="chart-label" transform="translate(12 {}) rotate(-90)">'
        "{}</text>",
        (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 4, x, (TOP + HEIGHT - BOTTOM) / 2, y,
    )  # fmt: skip
    return mark_safe("".join([*grid, labels]))  # noqa: S308 - parts that format_html has made


def _path(points: Points, name: str, most: float) -> SafeString:
    drawn = "L".join("{:.1f} {:.1f}".format(*_place(px, py, most)) for px, py in points)
    return format_html('<path class="{}" d="M{}"/>', name, drawn) if points else mark_safe("")


def _place(x: float, y: float, most: float) -> tuple[float, float]:
    return round(_x(x / most), 1), round(_y(y / most), 1)


def _x(share: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * min(max(share, 0.0), 1.0)


def _y(share: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - min(max(share, 0.0), 1.0))


def _percent(value: float) -> str:
    percent = 100 * value
    return f"{percent:.0f} %" if percent >= 10 or percent == round(percent) else f"{percent:.1f} %"
