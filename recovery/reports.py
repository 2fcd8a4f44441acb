"""What the verbs of recovery answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from borrowers.models import ContactEvent, Promise
from recovery.models import Action, ContactReservation, WorklistItem


def in_words(by_action: Mapping[str, int]) -> str:
    """List counts by action, the largest first: "120 call, 80 text message"."""
    largest_first = sorted(by_action.items(), key=lambda pair: -pair[1])
    return ", ".join(f"{count:,} {Action(action).label}" for action, count in largest_first) or "none"


@dataclass(frozen=True)
class RecommendationReport:
    """What recommend_actions decided; n counts the whole day, n_new what this run added."""

    as_of: date
    n: int
    n_new: int
    n_without_score: int
    by_action: dict[str, int]
    seconds: float
    n_by_priors: int = 0
    n_by_lot: int = 0
    policy_version: int | None = None

    def summary(self) -> str:
        lines = [
            f"{self.n:,} recommendations for {self.as_of}, {self.n_new:,} of them new: {in_words(self.by_action)}.",
        ]
        if self.n_without_score:
            lines.append(f"{self.n_without_score:,} without a score: there the policy alone decided.")
        if self.n_by_priors:
            lines.append(f"{self.n_by_priors:,} ordered by rules and priors, no model's score being there.")
        if self.n_by_lot:
            lines.append(
                f"{self.n_by_lot:,} drawn by lot among the actions of their line, so that effects can be learned."
            )
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        return {
            "as_of": self.as_of.isoformat(),
            "n": self.n,
            "by_action": self.by_action,
            "seconds": round(self.seconds, 3),
            "n_new": self.n_new,
            "n_without_score": self.n_without_score,
            "n_by_priors": self.n_by_priors,
            "n_by_lot": self.n_by_lot,
            "policy": self.policy_version,
        }


@dataclass(frozen=True)
class WorklistReport:
    """What plan_worklists put on people's lists, and what found no room there."""

    as_of: date
    n: int
    n_new: int
    n_agents: int
    n_without_room: int
    n_without_agent: int
    n_for_managers: int
    by_action: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    def summary(self) -> str:
        lists = f"{self.n:,} cases on the lists of {self.n_agents:,} agents for {self.as_of}"
        lines = [f"{lists}, {self.n_new:,} of them new: {in_words(self.by_action)}."]
        if self.n_without_room:
            lines.append(f"{self.n_without_room:,} more are left over: the shifts are full.")
        if self.n_without_agent:
            lines.append(f"{self.n_without_agent:,} have no team with an active agent.")
        if self.n_for_managers:
            lines.append(f"{self.n_for_managers:,} wait for a manager's review.")
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        return {
            "as_of": self.as_of.isoformat(),
            "n": self.n,
            "by_action": self.by_action,
            "seconds": round(self.seconds, 3),
            "n_new": self.n_new,
            "n_agents": self.n_agents,
            "n_without_room": self.n_without_room,
            "n_without_agent": self.n_without_agent,
            "n_for_managers": self.n_for_managers,
        }


@dataclass(frozen=True)
class ReplayReport:
    """What a draft would have decided on past days, against the policy in force."""

    replay: int
    policy_version: int
    against_version: int
    days: int
    cases: int
    cases_decided_otherwise: int
    seconds: float

    def summary(self) -> str:
        return (
            f"Version {self.policy_version} tried on {self.days:,} days against version {self.against_version}: "
            f"{self.cases_decided_otherwise:,} of {self.cases:,} cases decided otherwise."
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "replay": self.replay,
            "policy": self.policy_version,
            "against": self.against_version,
            "days": self.days,
            "cases": self.cases,
            "cases_decided_otherwise": self.cases_decided_otherwise,
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True)
class ActionReport:
    """What record_action wrote; a repeated form gets the first answer again."""

    event: ContactEvent
    promise: Promise | None
    item: WorklistItem | None
    attempt: ContactReservation | None = None
    is_repeat: bool = False

    @property
    def flags(self) -> list[str]:
        """Return why the rules did not permit what took place."""
        return list(self.attempt.flags) if self.attempt else []

    def summary(self) -> str:
        return f"Recorded: {self.event}." if not self.is_repeat else f"Was recorded already: {self.event}."

    def as_json(self) -> dict[str, Any]:
        return {
            "action": self.event.pk,
            "promise": self.promise.pk if self.promise else None,
            "worklist_item": self.item.pk if self.item else None,
            "attempt": self.attempt.pk if self.attempt else None,
            "flags": self.flags,
            "is_repeat": self.is_repeat,
        }
