"""Turn the text of a chunk into typed values, column by column; what cannot be turned is a fault with its remedy."""

import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from zoneinfo import available_timezones

import numpy as np
import pandas as pd

from borrowers.importing.chunks import Fault
from borrowers.importing.mapping import Reading, Value
from borrowers.importing.money import CENTS_LIMIT, to_cents
from borrowers.models import Charge, Consent, ContactEvent, ContactPoint, Loan, LoanEvent, LoanParty, Payment, Product

FIRST_DAY, LAST_DAY = pd.Timestamp("1900-01-01"), pd.Timestamp("2199-12-31")
ISO_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}([ T].*)?"
OFFSET = r".*[0-9](?:Z|[+-][0-9]{2}:?[0-9]{2})"
CHOICES = {
    "channel": Payment.Channel.values,
    "payment_status": Payment.Status.values,
    "return_reason": [reason for reason in Payment.ReversalReason.values if reason],
    "product_kind": Product.Kind.values,
    "bookkeeping": Loan.Bookkeeping.values,
    "point_kind": ContactPoint.Kind.values,
    "consent_channel": Consent.Channel.values,
    "party_role": LoanParty.Role.values,
    "charge_kind": Charge.Kind.values,
    "event_kind": [kind for kind in LoanEvent.Kind.values if kind != LoanEvent.Kind.REVOKED],
    "contact_channel": ContactEvent.Channel.values,
    "contact_outcome": ContactEvent.Outcome.values,
}
MINUTES_LIMIT = 10_000
TRUE, FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")


@dataclass(frozen=True)
class Names:
    """Whom the product knows."""

    teams: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()


@dataclass
class Context:
    """The chunk at hand: its text, how it is read, and the faults found so far."""

    frame: pd.DataFrame
    rows: np.ndarray
    reading: Reading
    names: Names
    faults: list[Fault]

    def blame(self, wrong: pd.Series, value: Value, text: pd.Series, reason: str) -> None:
        """Record a fault for each row where `wrong` holds."""
        label = value.column or (value.template and f"{value.template}") or value.path
        for position in np.flatnonzero(wrong.to_numpy(dtype=bool)):
            cell = text.iloc[position]
            self.faults.append(Fault(int(self.rows[position]), label, "" if pd.isna(cell) else str(cell), reason))


def evaluate(value: Value, context: Context) -> pd.Series:
    """Return the typed values of one field; wrong cells are missing in it and recorded as faults."""
    text = _text(value, context)
    given = text.notna()
    result, wrong, reason = TYPES[value.type](text, value, context)
    wrong = wrong & given
    context.blame(wrong, value, text, reason)
    if value.required:
        context.blame(
            ~given, value, text, "is missing, but every row needs it; fill it in, or give a default in the mapping"
        )
    return result


def _text(value: Value, context: Context) -> pd.Series:
    """Return the field's text: trimmed, normalised, sentinels missing, value map and default applied."""
    frame = context.frame
    if value.constant is not None:
        return pd.Series(value.constant, index=frame.index, dtype="str")
    text = frame[value.column] if value.column is not None else _fill_template(value.template or "", frame)
    nul = text.str.contains("\0", regex=False, na=False)
    if nul.any():
        context.blame(nul, value, text, "holds a NUL character, which no text can; export the file again")
        text = text.mask(nul)
    text = text.str.strip()
    if not text.str.isascii().fillna(True).all():
        text = _by_distinct(text, lambda cell: unicodedata.normalize("NFC", cell))
    text = text.mask(text.isin((*context.reading.missing, *value.missing)))
    if value.values is not None:
        mapped = text.map(value.values).astype("str")
        unknown = text.notna() & mapped.isna()
        if value.otherwise is not None:
            mapped = mapped.mask(unknown, value.otherwise)
        else:
            known = ", ".join(value.values)
            context.blame(unknown, value, text, f"is not in the value map ({known}); add it there, or give otherwise")
        text = mapped
    if value.default is not None:
        text = text.fillna(value.default)
    return text


def _fill_template(template: str, frame: pd.DataFrame) -> pd.Series:
    """Return "{a}/x" filled from the columns; missing where any of them is."""
    result = pd.Series("", index=frame.index, dtype="str")
    for n, part in enumerate(template.split("{")):
        if n == 0:
            result = result + part
        else:
            column, rest = part.split("}", 1)
            result = result + frame[column].str.strip() + rest
    return result


def _by_distinct(text: pd.Series, function: Callable[[str], str | None]) -> pd.Series:
    """Apply a function of one cell once per distinct cell."""
    codes, distinct = pd.factorize(text)
    values = np.array([*(function(cell) for cell in distinct), None], dtype=object)
    return pd.Series(values[codes], index=text.index, dtype="str")


Typed = tuple[pd.Series, pd.Series, str]


def _as_text(limit: int) -> Callable[[pd.Series, Value, Context], Typed]:
    def check(text: pd.Series, value: Value, context: Context) -> Typed:
        return (
            text,
            text.str.len().gt(limit).fillna(False),
            f"is longer than {limit} characters; shorten it, or map another column",
        )

    return check


def _choice(allowed: frozenset[str] | tuple[str, ...], reason: str) -> Callable[[pd.Series, Value, Context], Typed]:
    def check(text: pd.Series, value: Value, context: Context) -> Typed:
        return text, ~text.isin(allowed), reason

    return check


def _team(text: pd.Series, value: Value, context: Context) -> Typed:
    return text, ~text.isin(context.names.teams), "is not the name of a team; create the team first"


def _user(text: pd.Series, value: Value, context: Context) -> Typed:
    return text, ~text.isin(context.names.users), "is not a user's log-in name; give a value map, or leave agent out"


def _boolean(text: pd.Series, value: Value, context: Context) -> Typed:
    low = text.str.lower()
    result = pd.Series(pd.NA, index=text.index, dtype="boolean").mask(low.isin(TRUE), True).mask(low.isin(FALSE), False)
    return result, result.isna(), "is neither yes nor no; give a value map"


def _currency(text: pd.Series, value: Value, context: Context) -> Typed:
    return text, ~_matches(text, "[A-Z]{3}"), "is not a currency code of three capital letters such as NGN"


def _matches(text: pd.Series, pattern: str) -> pd.Series:
    return text.str.fullmatch(pattern, na=False)


def _plain_number(text: pd.Series, reading: Reading) -> pd.Series:
    """Return numbers written the lender's way in the plain way; what has its separators in wrong places stays as it is."""
    if reading.thousands:
        sign = {" ": "[ \u00a0\u202f]", ".": "[.]"}.get(reading.thousands, reading.thousands)
        point = "[.]" if reading.decimal == "." else ","
        grouped = _matches(text, f"-?[0-9]{{1,3}}({sign}[0-9]{{2,3}})*{sign}[0-9]{{3}}({point}[0-9]*)?")
        text = text.where(~grouped, text.str.replace(sign, "", regex=True))
        if reading.thousands == "." and reading.decimal == ",":
            # 12.5 under thousands "." is neither 125 nor 12.5: leave it to fail
            text = text.mask(~grouped & text.str.contains(".", regex=False, na=False), text + "?")
    if reading.decimal == ",":
        dotted = text.str.contains(".", regex=False, na=False)
        text = text.str.replace(",", ".", regex=False).mask(dotted & text.notna(), text + "?")
    return text


def _without_signs(text: pd.Series, reading: Reading) -> pd.Series:
    """Take the lender's currency signs off amounts, in front or behind; another sign stays and is refused."""
    if not reading.currency_signs:
        return text
    signs = "|".join(map(re.escape, sorted(reading.currency_signs, key=len, reverse=True)))
    return text.str.replace(rf"^(-?)(?:{signs})\s*|\s*(?:{signs})$", r"\1", regex=True)


def _amount_kind(*, above_zero: bool) -> Callable[[pd.Series, Value, Context], Typed]:
    floor = 1 if above_zero else 0
    least = "above zero" if above_zero else "zero or more"

    def check(text: pd.Series, value: Value, context: Context) -> Typed:
        plain = _plain_number(_without_signs(text, context.reading), context.reading)
        sound = _matches(plain, r"-?[0-9]{1,15}([.][0-9]{0,2}0*)?")
        canonical = plain.where(sound).str.replace(r"([.][0-9]{0,2})0*$", r"\1", regex=True).str.rstrip(".")
        cents = to_cents(canonical)
        wrong = ~sound | (cents < floor).fillna(False) | (cents >= CENTS_LIMIT).fillna(False)
        example = "1234,50" if context.reading.decimal == "," else "1234.50"
        reason = f"is not an amount {least}, of at most two decimals, below a trillion; write it like {example}"
        return cents.mask(wrong), wrong, reason

    return check


def _minutes(text: pd.Series, value: Value, context: Context) -> Typed:
    """Read minutes with at most two decimals as hundredths, as money is read as cents."""
    hundredths, wrong, _ = _amount_kind(above_zero=False)(text, value, context)
    wrong |= (hundredths >= MINUTES_LIMIT * 100).fillna(False)
    return (
        hundredths.mask(wrong),
        wrong,
        f"is not a number of minutes from 0 to {MINUTES_LIMIT:,}, of at most two decimals",
    )


def _whole_number(least: int, most: int) -> Callable[[pd.Series, Value, Context], Typed]:
    def check(text: pd.Series, value: Value, context: Context) -> Typed:
        sound = _matches(text, "[0-9]{1,5}([.]0*)?")
        number = pd.to_numeric(text.where(sound).str.replace("[.]0*$", "", regex=True)).astype("Int64")
        wrong = ~sound | (number < least).fillna(False) | (number > most).fillna(False)
        return number.mask(wrong), wrong, f"is not a whole number from {least} to {most}"

    return check


def _ratio(text: pd.Series, value: Value, context: Context) -> Typed:
    """Read a rate; "12.5 %" is 0.125 whatever divide_by says of the cells without a sign."""
    is_percent = text.str.endswith("%").fillna(False).astype(bool)
    plain = _plain_number(text.str.rstrip("%").str.rstrip(), context.reading)
    sound = _matches(plain, r"[0-9]{1,6}([.][0-9]{1,12})?")
    marked = plain.where(sound).mask(is_percent, plain + "%")

    def ratio(cell: str) -> str:
        if cell.endswith("%"):
            return f"{Decimal(cell[:-1]) / 100:.6f}"
        return f"{Decimal(cell) / value.divide_by:.6f}"

    result = _by_distinct(marked.where(sound), ratio)
    wrong = ~sound | _by_distinct(result, lambda cell: None if Decimal(cell) < 100 else "x").notna()
    return (
        result.mask(wrong),
        wrong,
        "is not a rate from 0 to 99 (0.12 is 12 %); give divide_by = 100 if the file has per cent",
    )


def _walls(text: pd.Series, value: Value, context: Context) -> tuple[pd.Series, pd.Series]:
    """Return instants as the lender's wall clock shows them, and as UTC where the text carries an offset."""
    codes, distinct = pd.factorize(text)
    cells = pd.Series([*distinct, None], dtype="str")  # code -1, no cell, is the last one
    walls = pd.Series(pd.NaT, index=cells.index, dtype="datetime64[us]")
    exact = pd.Series(pd.NaT, index=cells.index, dtype="datetime64[us, UTC]")
    offset = _matches(cells, OFFSET)
    if offset.any():
        exact = pd.to_datetime(cells.where(offset), format="ISO8601", utc=True, errors="coerce").astype(
            "datetime64[us, UTC]"
        )
        walls = exact.dt.tz_convert(context.reading.time_zone).dt.tz_localize(None)
    iso = ~offset & _matches(cells, ISO_DAY)
    if iso.any():
        walls = walls.fillna(_parse(cells.where(iso), "ISO8601"))
    for form in value.formats or context.reading.date_formats:
        left = walls.isna() & ~offset
        if not left.any():
            break
        walls = walls.fillna(_parse(cells.where(left), form))
    walls = walls.where(walls.between(FIRST_DAY, LAST_DAY))
    picked = pd.Series(walls.to_numpy()[codes], index=text.index)
    instants = pd.Series(exact.array[codes], index=text.index)
    return picked, instants


def _parse(cells: pd.Series, form: str) -> pd.Series:
    return pd.to_datetime(cells, format=form, errors="coerce").astype("datetime64[us]")


def _date(text: pd.Series, value: Value, context: Context) -> Typed:
    walls, _ = _walls(text, value, context)
    days = walls.dt.normalize()
    wrong = days.isna()
    if value.plus_days:
        days = days + pd.to_timedelta(_steps(value.plus_days, days, context), unit="D")
    if value.plus_months:
        months = _steps(value.plus_months, days, context).to_numpy()
        days = pd.Series(add_months(days.to_numpy().astype("datetime64[D]"), months), index=text.index)
    return days.astype("datetime64[s]"), wrong, _date_reason(value, context)


def _steps(more: "int | Value", days: pd.Series, context: Context) -> pd.Series:
    """Return how many days or months each row adds; a row whose number is rejected adds none."""
    given = evaluate(more, context) if isinstance(more, Value) else more
    return pd.Series(given, index=days.index).astype("Int64").astype("float64").fillna(0).astype("int64")


def _date_reason(value: Value, context: Context) -> str:
    forms = ", ".join(value.formats or context.reading.date_formats) or "2017-07-31"
    return f"is not a date of the years 1900 to 2199 (read as {forms}); correct it, or name its form in date_formats"


def _instant(text: pd.Series, value: Value, context: Context) -> Typed:
    """Read a local time in the lender's zone; of a doubled hour the later one, since it was surely known by then."""
    walls, exact = _walls(text, value, context)
    zoned = walls.dt.tz_localize(
        context.reading.time_zone, ambiguous=np.zeros(len(walls), dtype=bool), nonexistent="shift_forward"
    )
    instants = exact.fillna(zoned.dt.tz_convert("UTC").astype("datetime64[us, UTC]"))
    return instants, walls.isna(), _date_reason(value, context)


def add_months(days: np.ndarray, months: np.ndarray) -> np.ndarray:
    """Return the same day of a later month, or that month's last day (31 January + 1 month = 28 or 29 February)."""
    month = days.astype("datetime64[M]")
    first = (month + months).astype("datetime64[D]")
    last = (month + months + 1).astype("datetime64[D]") - np.timedelta64(1, "D")
    return np.minimum(first + (days - month.astype("datetime64[D]")), last)


def _json_text(text: pd.Series, value: Value, context: Context) -> Typed:
    fragments = _by_distinct(text, json.dumps)
    return fragments, text.str.len().gt(2000).fillna(False), "is longer than 2000 characters"


def _json_number(text: pd.Series, value: Value, context: Context) -> Typed:
    plain = _plain_number(text, context.reading)
    whole = value.type == "json_integer"
    pattern = "[+-]?[0-9]{1,15}([.]0*)?" if whole else r"[+-]?[0-9]{1,15}([.][0-9]{0,20})?([eE][+-]?[0-9]{1,2})?"
    sound = _matches(plain, pattern)

    def fragment(cell: str) -> str:
        number = Decimal(cell) / value.divide_by
        return str(int(number)) if whole else f"{number.normalize():f}"

    reason = "is not a whole number" if whole else "is not a number; write it like 12.5"
    return _by_distinct(plain.where(sound), fragment), ~sound, reason


def _json_date(text: pd.Series, value: Value, context: Context) -> Typed:
    days, wrong, reason = _date(text, value, context)
    return days.dt.strftime('"%Y-%m-%d"').astype("str"), wrong, reason


def _json_boolean(text: pd.Series, value: Value, context: Context) -> Typed:
    result, wrong, reason = _boolean(text, value, context)
    return result.map({True: "true", False: "false"}).astype("str"), wrong, reason


def _json_days(text: pd.Series, value: Value, context: Context) -> Typed:
    """Count the days from another column's date to this one's."""
    ends, wrong, reason = _date(text, value, context)
    start = evaluate(value.days_after, context) if value.days_after else ends
    days = (ends - start).dt.days
    return days.astype("Int64").astype("str"), wrong, reason


def attribute(value: Value, context: Context) -> pd.Series:
    """Return an extra attribute as JSON text, missing where there is none."""
    kind = "days" if value.days_after else value.type
    return evaluate(replace(value, type=f"json_{kind}"), context)


TYPES: dict[str, Callable[[pd.Series, Value, Context], Typed]] = {
    **{f"text{limit}": _as_text(limit) for limit in (8, 40, 64, 76, 80, 120, 200, 300, 2000, 4000, 20000)},
    **{
        name: _choice(tuple(values), f"is not one of {', '.join(values)}; give a value map")
        for name, values in CHOICES.items()
    },
    "zone": _choice(frozenset(available_timezones()), "is not an IANA time zone such as Africa/Lagos"),
    "team": _team,
    "user": _user,
    "boolean": _boolean,
    "currency": _currency,
    "money": _amount_kind(above_zero=False),
    "positive_money": _amount_kind(above_zero=True),
    "minutes": _minutes,
    "count": _whole_number(1, 32_000),
    "days": _whole_number(0, 99_999),
    "ratio": _ratio,
    "date": _date,
    "instant": _instant,
    "json_text": _json_text,
    "json_integer": _json_number,
    "json_number": _json_number,
    "json_date": _json_date,
    "json_boolean": _json_boolean,
    "json_days": _json_days,
}
