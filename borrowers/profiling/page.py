"""The report as one HTML file: no script, nothing loaded from anywhere, every text from the data escaped."""

from collections.abc import Iterable
from datetime import datetime
from html import escape

from borrowers.importing.suggesting.telling import tell
from borrowers.profiling.drawing import draw_days, draw_histogram, draw_words
from borrowers.profiling.findings import Finding, fences, is_id
from borrowers.profiling.gathering import ColumnFacts, TableFacts, days, numbers
from borrowers.profiling.style import STYLE

FINDINGS_SHOWN = 120
COLUMNS_DRAWN = 400
SEVERITIES = {
    "stop": ("Must be settled", "rows will be rejected or read wrongly"),
    "look": ("Look at it", "the import works, figures may be off"),
    "note": ("Good to know", "nothing to do"),
}
KINDS = {
    "date": "date", "number": "number", "percent": "per cent", "phone": "telephone", "email": "e-mail", "code": "code",
    "currency": "currency", "flag": "yes or no", "text": "text", "empty": "empty",
}  # fmt: skip


def build_page(
    *, title: str, tables: list[TableFacts], findings: list[Finding], made_at: datetime, is_simulated: bool
) -> str:
    """Return the page; its size grows with the columns, about 2 KB each, and not with the rows."""
    n_rows = sum(table.n_rows for table in tables)
    n_columns = sum(len(table.columns) for table in tables)
    drawn = 0
    sections = []
    for number, table in enumerate(tables):
        sections.append(_table(table, number, COLUMNS_DRAWN - drawn, findings))
        drawn += len(table.columns)
    simulated = (
        '<p class="banner"><strong>Simulated data.</strong> These borrowers do not exist.</p>' if is_simulated else ""
    )
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{_text(title)}: what is in the data</title><style>{STYLE}</style></head><body>{simulated}<main>
<header><p class="over">Data report</p><h1>{_text(title)}</h1>
<p class="lead">{_verdict(findings, n_rows)}</p>
<dl class="figures">{_figure("Rows", f"{n_rows:,}")}{_figure("Tables", f"{len(tables):,}")}{_figure("Columns", f"{n_columns:,}")}
{_figure("To settle", f"{_count(findings, 'stop'):,}", "bad" if _count(findings, "stop") else "good")}
{_figure("To look at", f"{_count(findings, 'look'):,}")}</dl></header>
{_findings(findings)}{"".join(sections)}
<footer>Made {made_at:%d %B %Y, %H:%M} by CreditPathAI. All rows were read and counted.
Charts and shares of odd values come from a random sample of at most 20,000 rows a table;
repeated rows are those of the first million. Numbers of distinct values are estimates
above 200,000. Orange bars hold the values that are far from all others.
</footer></main></body></html>
"""


def _verdict(findings: list[Finding], n_rows: int) -> str:
    n_stop, n_look = _count(findings, "stop"), _count(findings, "look")
    if not n_rows:
        return "There are no rows."
    if n_stop:
        one = n_stop == 1
        return f"<b>{'One thing' if one else f'{n_stop} things'} must be settled</b> before this data can be trusted."
    if n_look:
        return f"It can be imported. <b>{'One thing is' if n_look == 1 else f'{n_look} things are'} worth a look</b> first."
    return "<b>Nothing suspicious was found.</b> It can be imported."


def _count(findings: list[Finding], severity: str) -> int:
    return sum(finding.severity == severity for finding in findings)


def _figure(label: str, value: str, tone: str = "") -> str:
    return f'<div><dt>{label}</dt><dd class="{tone}">{value}</dd></div>'


def _findings(findings: list[Finding]) -> str:
    if not findings:
        return ""
    parts = []
    for severity, (word, meaning) in SEVERITIES.items():
        mine = [finding for finding in findings if finding.severity == severity]
        if not mine:
            continue
        rows = "".join(
            f"<li><h3>{_text(f.title)}</h3><p "
            f'class="where">{_text(f.table)}{f" · <b>{_text(f.column)}</b>" if f.column else ""}</p>'
            f'<p>{_text(f.detail)}</p><p class="remedy">{_text(f.remedy)}</p></li>'
            for f in mine[:FINDINGS_SHOWN]
        )
        more = f'<p class="soft">And {len(mine) - FINDINGS_SHOWN:,} more.</p>' if len(mine) > FINDINGS_SHOWN else ""
        opened = "" if severity == "note" else " open"
        parts.append(
            f'<details class="group {severity}"{opened}><summary><h2><span class="mark" aria-hidden="true"></span>{word} '
            f'<span class="count">{len(mine)}</span></h2><span '
            f'class="soft">{meaning}</span></summary><ul>{rows}</ul>{more}</details>'
        )
    return f'<section aria-label="Findings">{"".join(parts)}</section>'


def _table(table: TableFacts, number: int, room: int, findings: list[Finding]) -> str:
    shown = list(table.columns.values())[: max(room, 0)]
    left = len(table.columns) + table.n_columns_left_out - len(shown)
    flagged = {f.column: f.severity for f in reversed(findings) if f.table == table.name and f.column}
    cards = "".join(_column(table, column, flagged.get(column.name, "")) for column in shown)
    sampled = f", charts from {len(table.sample):,} sampled" if table.n_rows > len(table.sample) else ""
    more = f'<p class="soft">{left:,} more columns are not drawn.</p>' if left > 0 else ""
    return (
        f'<section aria-labelledby="t{number}"><h2 id="t{number}" class="table-name">{_text(table.name)}</h2>'
        f'<p class="soft">{table.n_rows:,} rows{sampled}, {len(table.columns) + table.n_columns_left_out:,} columns</p>'
        f'<div class="cards">{cards}</div>{more}</section>'
    )


def _column(table: TableFacts, column: ColumnFacts, severity: str) -> str:
    look = column.look
    if look is None:
        return ""
    missing = column.n_missing / max(table.n_rows, 1)
    target = (
        f'<p class="target">{_text(column.field_of_ours.replace(".", ", ").replace("_", " "))}</p>'
        if column.field_of_ours
        else ""
    )
    facts = [
        f"{column.keys.n_distinct:,} distinct" if column.keys.n_distinct else "",
        f"{_percent(missing)} missing" if column.n_missing else "none missing",
    ]
    return (
        f'<article class="card {severity}"><h3>{_text(column.name)}</h3><p class="kind">{KINDS[look.kind]}'
        f"{f' · {SEVERITIES[severity][0].lower()}' if severity else ''}</p>{target}"
        f'{"".join(_charts(table, column))}<p class="said">{_text(_sentence(table, column))}</p>'
        f'<p class="facts">{" · ".join(fact for fact in facts if fact)}</p>'
        f'<svg class="filled" viewBox="0 0 100 3" preserveAspectRatio="none" aria-hidden="true"><rect '
        f'class="none" width="100" height="3"/>'
        f'<rect class="bar" width="{100 * (1 - missing):.1f}" height="3"/></svg></article>'
    )


def _charts(table: TableFacts, column: ColumnFacts) -> Iterable[str]:
    look, cells = column.look, table.sample[column.name]
    assert look is not None
    if look.kind == "number" and look.n_distinct > 8 and not _is_key(column):
        values = numbers(column, cells)
        if len(values):
            low, high = fences(values) if len(values) >= 50 else (float(values.min()), float(values.max()))
            yield draw_histogram(values, low=low, high=high)
    elif look.kind == "date":
        yield draw_days(days(column, cells))
    elif look.kind in ("text", "flag", "currency", "number", "code", "percent") and not _is_key(column):
        counts = cells.dropna().str.strip().value_counts()
        top = [(str(word), int(n)) for word, n in counts.head(6).items()]
        yield draw_words(top, int(counts.sum()), max(len(counts) - 6, 0))


def _is_key(column: ColumnFacts) -> bool:
    """Say whether nearly every value is another one: a chart of them says nothing."""
    look = column.look
    return look is not None and look.kind != "date" and look.n_distinct > 30 and (
        is_id(column.name) or
        look.n_distinct > 0.9 * look.n_filled if look.kind != "number" or look.is_whole else False
    )  # fmt: skip


def _sentence(table: TableFacts, column: ColumnFacts) -> str:
    """Say in one sentence what the chart shows."""
    look = column.look
    assert look is not None
    if look.kind == "number" and look.n_distinct > 8 and not _is_key(column):
        values = numbers(column, table.sample[column.name])
        if len(values):
            import numpy as np

            low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
            return f"Typically {middle:,.5g}; half lie between {low:,.5g} and {high:,.5g}."
    if _is_key(column):
        return f"A key or a name, such as {', '.join(e[:20] for e in look.examples[:2])}."
    told = tell(look)
    return told[:1].upper() + told[1:] + "."


def _percent(share: float) -> str:
    return "under 1 %" if 0 < share < 0.01 else f"{100 * share:.0f} %"


def _text(text: str) -> str:
    """Return text of the data for the page: escaped, without what no page may hold."""
    return escape("".join(c if c.isprintable() else "�" for c in text))
