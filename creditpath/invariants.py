"""The registry of what must always be true of the data; each app adds its own sentences in <app>/invariants.py."""

from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from itertools import islice
from time import monotonic
from typing import Any

Check = Callable[[], Iterable[str]]
DETAILS_SHOWN = 10

registry: dict[str, Check] = {}
_is_full: ContextVar[bool] = ContextVar("is_full", default=False)


def is_full() -> bool:
    """Say whether a check that has a dear part is to do all of it, rather than a sample."""
    return _is_full.get()


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
    is_full: bool = False
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        return bool(self.broken)

    def summary(self) -> str:
        if not self.broken:
            of_sample = "" if self.is_full else "; --full checks every month-end snapshot too"
            return f"All {self.checked} invariants hold ({self.seconds:.1f} s{of_sample})."
        names = {broken.name for broken in self.broken}
        lines = [f"  {broken.name}: {broken.detail}" for broken in self.broken]
        return "\n".join([f"{len(names)} of {self.checked} invariants are broken:", *lines])

    def as_json(self) -> dict[str, Any]:
        return {"checked": self.checked, "broken": [asdict(broken) for broken in self.broken]}


def verify(
    *, full: bool = False, progress: Callable[[int, int, str], None] = lambda done, total, message: None
) -> VerifyReport:
    """Check every invariant on the data as it is; reads only, costs one query or a few per invariant.

    The dearest computes every loan's figures anew, once. With full also every snapshot of every month end: up to thirteen
    times that. Each check sees the data of its own instant: what is entered meanwhile breaks nothing.
    """
    began = monotonic()
    token = _is_full.set(full)
    broken: list[Broken] = []
    try:
        for number, sentence in enumerate(sorted(registry)):
            progress(number, len(registry), sentence)
            broken += _check(sentence)
    finally:
        _is_full.reset(token)
    return VerifyReport(checked=len(registry), broken=tuple(broken), is_full=full, seconds=monotonic() - began)


def _check(sentence: str) -> Iterator[Broken]:
    details = iter(registry[sentence]())
    for detail in islice(details, DETAILS_SHOWN):
        yield Broken(sentence, detail)
    if more := sum(1 for _ in details):
        yield Broken(sentence, f"and {more:,} more")
