"""Contributions in plain words: at most four reasons, the strongest first, each with its value and its direction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scoring.explaining.phrases import Phrase
from scoring.features.definition import FEATURES

MOST_REASONS = 4  # Regulation B's commentary: more than four are unlikely to help
LEAST_SHARE = 0.04  # of all contributions; what moves less is no reason
UNITS = {feature.name: feature.unit for feature in FEATURES}
SINGULAR = {"days": "day", "instalments": "instalment", "payments": "payment", "attempts": "attempt", "contacts": "contact",
            "promises": "promise", "loans": "loan"}  # fmt: skip


@dataclass(frozen=True)
class Reason:
    """One reason of a score; `share` is the part of all contributions, in [0, 1], that is this feature's."""

    feature: str
    text: str
    raises_risk: bool
    contribution: float
    share: float

    @property
    def is_strong(self) -> bool:
        return self.share >= 0.2


def find_reasons(
    *,
    names: Sequence[str],
    values: Sequence[float | None],
    contributions: Sequence[float],
    phrases: Mapping[str, Phrase],
    currency: str = "",
    goes_down: bool = False,
) -> tuple[Reason, ...]:
    """Return the strongest contributions in words. `goes_down` says that a higher probability is less risk (pays_30).

    Features that `phrases` does not have are not told: the dictionary decides.
    """
    total = float(np.abs(contributions).sum())
    if not total:
        return ()
    told = [
        (abs(part), name, value, part)
        for name, value, part in zip(names, values, contributions, strict=True)
        if name in phrases and abs(part) >= LEAST_SHARE * total
    ]
    told.sort(key=lambda one: (-one[0], one[1]))
    return tuple(
        Reason(name, say(phrases[name], value, currency), (part > 0) != goes_down, part, size / total)
        for size, name, value, part in told[:MOST_REASONS]
    )


def say(phrase: Phrase, value: float | None, currency: str = "") -> str:
    """Return the phrase with its value; a value that is missing has words of its own."""
    if value is None or np.isnan(value):
        return phrase.if_missing or f"{phrase.feature.replace('_', ' ').capitalize()} is not known"
    return phrase.text.replace("{value}", write_value(phrase.feature, value, currency))


def write_value(feature: str, value: float, currency: str = "") -> str:
    """Return a value with its unit: "41 days", "1 promise", "35 %", "USD 1,200"."""
    unit = UNITS.get(feature, "")
    if unit == "ratio":
        return "under 1 %" if 0 < value < 0.005 else f"{value * 100:,.0f} %"
    if unit == "currency":
        return f"{currency} {value:,.0f}".strip()
    number = f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 100 else f"{value:,.1f}"
    if not unit:
        return number
    return f"{number} {SINGULAR[unit] if number == '1' else unit}"
