"""One finding of the guard."""

from dataclasses import asdict, dataclass

DROPPED, ASKED, REPORTED = "dropped", "asked", "reported"


@dataclass(frozen=True)
class Leak:
    """What looks like a leak, on which evidence, and what was done about it."""

    column: str
    kind: str
    evidence: str
    action: str

    def as_dict(self) -> dict[str, str]:
        return asdict(self)
