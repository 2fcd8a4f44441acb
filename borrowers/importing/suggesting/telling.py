"""Values and choices in words."""

from datetime import UTC, date, datetime

from borrowers.importing.suggesting.looks import Look


def tell(look: Look) -> str:
    """Describe values in a few words."""
    shown = ", ".join(_short(example) for example in look.examples[:2])
    told = {
        "date": f"dates{f' written {look.formats[0]}' if look.formats else ''}",
        "number": "amounts" if look.places == 2 else "whole numbers" if look.is_whole else "numbers",
        "percent": "per cent", "phone": "telephone numbers", "email": "e-mail addresses", "code": "codes",
        "currency": "currency codes", "flag": "yes or no", "text": "text", "empty": "nothing",
    }[look.kind]  # fmt: skip
    if look.kind == "date" and look.low is not None and look.high is not None:
        told += f" from {_day(look.low)} to {_day(look.high)}"
        if not look.order_is_known:
            told += ", but no day is above 12: whether day or month comes first cannot be told"
    elif look.low is not None and look.high is not None:
        told += f" from {look.low:,.10g} to {look.high:,.10g}"
    else:
        told += f" such as {shown}"
    if look.n_distinct == 1 and look.n > 1:
        told += ", all the same"
    if look.n_filled < look.n:
        n_empty = look.n - look.n_filled
        told += f", {f'{100 * n_empty / look.n:.0f}' if 100 * n_empty >= look.n else 'under 1'} % empty"
    if look.sentinels:
        told += f"; {', '.join(look.sentinels)} taken for missing"
    if look.n_odd:
        cells = "1 cell is" if look.n_odd == 1 else f"{look.n_odd:,} cells are"
        told += f"; {cells} not, such as {_short(look.odd)}"
    return told


def _short(text: str) -> str:
    return text if len(text) <= 24 else text[:23] + "…"


def _day(seconds: float) -> date:
    return datetime.fromtimestamp(seconds, tz=UTC).date()
