"""What people decided otherwise than was recommended, for which reasons, and what came of it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from borrowers.measures.services import rows_of
from borrowers.services import get_business_date
from recovery.models import Action

DAYS = 180
WITHIN_DAYS = 14
MOST_REASONS = 12


@dataclass(frozen=True)
class OverrideLine:
    """Answers that have something in common, and what came of those whose days are over."""

    recommended: str
    decided: str
    reason: str
    n: int
    n_over: int
    n_reached: int
    n_paid: int

    @property
    def is_override(self) -> bool:
        return self.recommended != self.decided

    @property
    def reached_ratio(self) -> float | None:
        return self.n_reached / self.n_over if self.n_over else None

    @property
    def paid_ratio(self) -> float | None:
        return self.n_paid / self.n_over if self.n_over else None

    @property
    def recommended_word(self) -> str:
        return _word(self.recommended)

    @property
    def decided_word(self) -> str:
        return _word(self.decided)


@dataclass(frozen=True)
class OverrideReport:
    """All answers of the last DAYS days."""

    first_day: date
    day: date
    lines: Sequence[OverrideLine]

    @property
    def n_answered(self) -> int:
        return sum(line.n for line in self.lines)

    @property
    def n_otherwise(self) -> int:
        return sum(line.n for line in self.lines if line.is_override)

    @property
    def share(self) -> float | None:
        """Return the share of answers that decided otherwise; None without any."""
        return self.n_otherwise / self.n_answered if self.n_answered else None

    @property
    def by_action(self) -> list[OverrideLine]:
        """Return one line for each recommended action and what was decided on, the most frequent first."""
        return _add(self.lines, lambda line: (line.recommended, line.decided, ""))

    @property
    def by_reason(self) -> list[OverrideLine]:
        """Return the most frequent reasons of those who decided otherwise."""
        return _add((line for line in self.lines if line.is_override), lambda line: ("", "", line.reason))[
            :MOST_REASONS
        ]


def measure_overrides(*, as_of: date | None = None) -> OverrideReport:
    """Measure the answers to recommendations of the last DAYS days; one query. Raises NoBusinessDate."""
    day = as_of or get_business_date()
    first = day - timedelta(days=DAYS)
    rows = rows_of("recovery", "overrides", {"day": day, "first": first, "within": WITHIN_DAYS})
    return OverrideReport(first, day, tuple(OverrideLine(**row) for row in rows))


def _add(lines: Iterable[OverrideLine], key: Any) -> list[OverrideLine]:
    found: dict[tuple[str, str, str], list[OverrideLine]] = defaultdict(list)
    for line in lines:
        found[key(line)].append(line)
    added = [
        OverrideLine(
            *of, *(sum(getattr(line, name) for line in some) for name in ("n", "n_over", "n_reached", "n_paid"))
        )
        for of, some in found.items()
    ]
    return sorted(added, key=lambda line: (-line.n, line.recommended, line.decided, line.reason))


def _word(action: str) -> str:
    return str(Action(action).label) if action in Action.values else action
