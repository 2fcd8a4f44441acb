"""The registry of what must always be true of the data; each app adds its own sentences in <app>/invariants.py."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

Check = Callable[[], Iterable[str]]
DETAILS_SHOWN = 10

registry: dict[str, Check] = {}


def invariant(sentence: str) -> Callable[[Check], Check]:
    """Register a check under the sentence that must hold; the function yields one line for each thing that breaks it."""

    def register(check: Check) -> Check:
        if registry.get(sentence, check) is not check:
            raise ValueError(f"two invariants are called {sentence!r}")
        registry[sentence] = check
        return check

    return register


@dataclass(frozen=True)
class Broken:
    """One thing that breaks an invariant."""

    name: str
    detail: str


@dataclass(frozen=True)
class VerifyReport:
    """What `verify` found."""

    checked: int
    broken: tuple[Broken, ...]

    @property
    def failed(self) -> bool:
        return bool(self.broken)

    def summary(self) -> str:
        if not self.broken:
            return f"All {self.checked} invariants hold."
        names = {broken.name for broken in self.broken}
        lines = [f"  {broken.name}: {broken.detail}" for broken in self.broken]
        return "\n".join([f"{len(names)} of {self.checked} invariants are broken:", *lines])

    def as_json(self) -> dict[str, Any]:
        return {"checked": self.checked, "broken": [asdict(broken) for broken in self.broken]}


def verify() -> VerifyReport:
    """Check every invariant on the data as it is; reads only, costs one query or a few per invariant."""
    broken = [finding for sentence in sorted(registry) for finding in _check(sentence)]
    return VerifyReport(checked=len(registry), broken=tuple(broken))


def _check(sentence: str) -> Iterator[Broken]:
    details = iter(registry[sentence]())
    for detail in islice(details, DETAILS_SHOWN):
        yield Broken(sentence, detail)
    if more := sum(1 for _ in details):
        yield Broken(sentence, f"and {more:,} more")
