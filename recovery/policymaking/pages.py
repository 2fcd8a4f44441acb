"""What the pages of policies show, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum

from creditpath.accounts.models import User
from recovery.models import Action, Policy, PolicyReplay, PolicyRule, Recommendation, ReplayLine
from recovery.policy import Fault, PolicyRules, find_faults
from recovery.policy.sentences import conditions_of, do, facts_of_policy
from recovery.policy.words import join
from recovery.policymaking.approving import WRITERS
from recovery.policymaking.reading import as_rule, as_rules, hash_of

State = Policy.State


@dataclass(frozen=True)
class Line:
    """One line as a sentence in two parts."""

    row: PolicyRule
    when: str
    what: str
    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class PolicyPage:
    """One version: what it says, what is wrong with it, how it came to be, and what the person looking may do."""

    policy: Policy
    standing: str
    lines: tuple[Line, ...]
    faults: tuple[Fault, ...]
    lot: str
    replays: tuple[PolicyReplay, ...]
    fresh_replay: PolicyReplay | None
    had_a_hand: bool
    n_decisions: int


def build_policy_page(*, policy: Policy, user: User, today: date | None) -> PolicyPage:
    """Gather one version; seven queries."""
    rows = list(policy.rules.order_by("position"))
    said = PolicyRules(
        id=policy.pk,
        version=policy.version,
        title=policy.title,
        exploration_ratio=float(policy.exploration_ratio),
        seed=policy.seed,
        currency=policy.currency,
        rules=tuple(as_rule(row) for row in rows),
    )
    faults = find_faults(said)
    replays = tuple(policy.replays.select_related("requested_by", "against", "job")[:5])
    said_hash = hash_of(said)
    fresh = next((replay for replay in replays if replay.state == "done" and replay.rules_hash == said_hash), None)
    return PolicyPage(
        policy=policy,
        standing=standing_of(policy, today),
        lines=tuple(
            Line(
                row=row,
                when=join(list(conditions_of(rule, currency=said.currency).values())),
                what=do(rule),
                faults=tuple(fault for fault in faults if fault.position == row.position),
            )
            for row, rule in zip(rows, said.rules, strict=True)
        ),
        faults=tuple(fault for fault in faults if fault.position is None),
        lot=facts_of_policy(said),
        replays=replays,
        fresh_replay=fresh,
        had_a_hand=policy.events.filter(kind__in=WRITERS, by=user).exists(),
        n_decisions=Recommendation.objects.filter(policy=policy).count(),
    )


def standing_of(policy: Policy, today: date | None) -> str:
    """Say where a version stands: draft, waits for approval, in force, to come, superseded, never in force, withdrawn."""
    if policy.state != State.APPROVED or policy.effective_from is None:
        return str(policy.get_state_display())
    if policy.effective_until is not None and policy.effective_until <= policy.effective_from:
        return "never in force"
    if today is not None and policy.effective_until is not None and policy.effective_until <= today:
        return "superseded"
    return "to come" if today is None or policy.effective_from > today else "in force"


def list_policies(today: date | None) -> list[dict[str, Any]]:
    """Return all versions, the newest first, with where they stand and how much was decided by them; one query."""
    rows = (
        Policy.objects.select_related("created_by", "submitted_by", "approved_by", "based_on")
        .annotate(n_lines=Count("rules", distinct=True))
        .order_by("-version")
    )
    return [{"policy": row, "standing": standing_of(row, today)} for row in rows]


# --- replays ------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Half:
    """What one side of a replay would have done with an action, on an average day; None where nothing is known."""

    cases: float
    blocked: float
    minutes: float
    payer_ratio: float | None
    paid: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class ReplayRow:
    """One action on both sides."""

    action: Action
    in_force: Half
    draft: Half

    @property
    def change(self) -> float:
        return self.draft.cases - self.in_force.cases


@dataclass(frozen=True)
class ReplayPage:
    """A replay as a manager reads it."""

    replay: PolicyReplay
    rows: tuple[ReplayRow, ...]
    days: tuple[dict[str, Any], ...]
    n_days: int
    n_whole_days: int
    minutes_in_force: float
    minutes_draft: float
    is_stale: bool

    @property
    def minutes_change(self) -> float:
        return self.minutes_draft - self.minutes_in_force

    @property
    def otherwise_ratio(self) -> float:
        return self.replay.cases_decided_otherwise / self.replay.cases if self.replay.cases else 0.0

    @property
    def scored_ratio(self) -> float:
        return self.replay.cases_with_score / self.replay.cases if self.replay.cases else 0.0


def build_replay_page(replay: PolicyReplay) -> ReplayPage:
    """Sum a replay by action and by day; three queries over its own lines."""
    sums = list(
        replay.lines.values("side", "action", "currency").annotate(
            n=Sum("cases"),
            n_blocked=Sum("blocked"),
            time=Sum("minutes"),
            n_whole=Sum("cases", filter=Q(payers__isnull=False)),
            n_payers=Sum("payers"),
            money=Sum("paid_amount"),
        )
    )
    known = replay.lines.filter(payers__isnull=False).values("day").distinct().count()
    days = max(replay.days_done, 1)
    by_action: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for row in sums:
        by_action[row["action"]][row["side"]].append(dict(row))
    rows = tuple(
        ReplayRow(
            action=Action(action),
            in_force=_half(by_action[action][ReplayLine.Side.IN_FORCE], days, known),
            draft=_half(by_action[action][ReplayLine.Side.DRAFT], days, known),
        )
        for action in Action.values
        if action in by_action
    )
    return ReplayPage(
        replay=replay,
        rows=rows,
        days=_by_day(replay),
        n_days=days,
        n_whole_days=known,
        minutes_in_force=sum(row.in_force.minutes for row in rows),
        minutes_draft=sum(row.draft.minutes for row in rows),
        is_stale=hash_of(as_rules(replay.policy)) != replay.rules_hash,
    )


def _half(sums: Iterable[dict[str, Any]], days: int, whole_days: int) -> Half:
    sums = list(sums)
    n_whole = sum(row["n_whole"] or 0 for row in sums)
    return Half(
        cases=sum(row["n"] for row in sums) / days,
        blocked=sum(row["n_blocked"] for row in sums) / days,
        minutes=float(sum((row["time"] for row in sums), Decimal())) / days,
        payer_ratio=sum(row["n_payers"] or 0 for row in sums) / n_whole if n_whole else None,
        paid=tuple(
            (row["currency"], float(row["money"]) / whole_days)
            for row in sorted(sums, key=lambda row: row["currency"])
            if row["money"] is not None and row["n_whole"] and whole_days
        ),
    )


def _by_day(replay: PolicyReplay) -> tuple[dict[str, Any], ...]:
    contact = ~Q(action=Action.NO_ACTION)
    days: dict[date, dict[str, Any]] = {}
    for row in (
        replay.lines.values("day", "side")
        .annotate(n=Sum("cases", filter=contact, default=0), n_blocked=Sum("blocked"), time=Sum("minutes"))
        .order_by("day")
    ):
        days.setdefault(row["day"], {"day": row["day"]})[row["side"]] = row
    return tuple(days.values())
