"""How a model goes live: proposed by one person, approved by another who did not train it; and how it goes off duty."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from creditpath.accounts.models import User
from creditpath.errors import told_in_words
from scoring.errors import PromotionConflict, PromotionRefused, RetirementRefused
from scoring.models import (
    Challenger,
    Comparison,
    Deployment,
    ModelVersion,
    PromotionDecision,
    PromotionProposal,
    Segment,
)
from scoring.querysets import heavy_fields
from scoring.registry.champions import check_fit
from scoring.registry.sessions import load_session

# What speaks against a promotion, as sql/promotions/guard.sql finds it.
DOUBTS = {
    "no_signal": "It has no signal: on unseen rows its ranking cannot be told from a coin's.",
    "no_better_than_baseline": "It is not shown to rank better than its best single column.",
    "not_validated": "Nobody but its trainer has examined it.",
    "found_unfit": "Its validation found it unfit.",
    "grave_finding_open": "A grave finding of its validation is open.",
    "not_compared": "It was not compared with the champion on the same rows.",
    "compared_on_seen_rows": "The rows of the comparison were learned from by one of the two.",
    "worse_than_champion": "It ranks worse than the champion on the same rows.",
}
CHANGED = "champion_is_still_the_one_of_the_proposal"
SENTENCES = {
    "champion_is_not_promoted_again": "This model is the champion of these loans already.",
    "model_of_a_segment_serves_that_segment": "It was trained on one segment: it can serve that one alone.",
    "comparison_is_with_the_champion_of_today": "The comparison is with another champion: compare again.",
    "one_open_proposal_per_model_and_segment": "It is proposed already: the proposal waits for a second person.",
    "promotion_is_decided_by_a_second_person": "You proposed this: another person decides.",
    "promotion_is_decided_by_another_than_the_trainer": "You trained this model: another person decides.",
    CHANGED: "The champion has changed since this was proposed: refuse it, and compare again.",
    "no_doubt_has_come_up_since_the_proposal": "Something speaks against it that did not when it was proposed: refuse it.",
    "champion_is_not_its_own_challenger": "This model is the champion of these loans.",
    "model_challenges_once_at_a_time": "This model is a challenger of these loans already.",
}


@dataclass(frozen=True)
class MoveReport:
    """A promotion or a retirement."""

    model: str
    purpose: str
    is_live: bool
    since: datetime
    replaced: str = ""
    segment: str = ""
    scope_note: str = ""

    def summary(self) -> str:
        where = f"{self.purpose}, {Segment(self.segment).label}" if self.segment else self.purpose
        if not self.is_live:
            return f"{self.model} is retired; {where} has no champion until another model is promoted."
        return (
            f"{self.model} is the champion of {where}"
            + (f", in place of {self.replaced}." if self.replaced else ".")
            + (f"\n{self.scope_note}" if self.scope_note else "")
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "purpose": self.purpose,
            "segment": self.segment,
            "is_live": self.is_live,
            "since": self.since,
            "replaced": self.replaced,
            "scope_note": self.scope_note,
        }


@dataclass(frozen=True)
class ProposalReport:
    """A promotion that waits for a second person, or that one refused."""

    proposal: int
    model: str
    purpose: str
    segment: str
    champion: str
    doubts: tuple[str, ...]
    is_refused: bool = False
    gain: tuple[float, float, float] | None = None
    scope_note: str = ""

    def summary(self) -> str:
        if self.is_refused:
            return f"The promotion of {self.model} is refused."
        lines = [f"The promotion of {self.model} is proposed as number {self.proposal}; a second person decides."]
        if self.gain is not None:
            gain, low, high = self.gain
            lines.append(
                f"Against {self.champion} on the same rows: AUC {gain:+.4f} (95 % from {low:+.4f} to {high:+.4f})."
            )
        lines += [self.scope_note] if self.scope_note else []
        lines += [f"In spite of: {DOUBTS[doubt]}" for doubt in self.doubts]
        return "\n".join([*lines, f"Approve: manage.py promote_model {self.model} --approve --as USER"])

    def as_json(self) -> dict[str, Any]:
        return {
            "proposal": self.proposal,
            "model": self.model,
            "purpose": self.purpose,
            "segment": self.segment,
            "champion": self.champion,
            "doubts": list(self.doubts),
            "scope_note": self.scope_note,
            "gain": list(self.gain) if self.gain else None,
            "is_live": False,
            "is_refused": self.is_refused,
        }


def find_doubts(*, model: ModelVersion, segment: str = "") -> tuple[ModelVersion | None, Comparison | None, list[str]]:
    """Return whom a model would replace, the newest comparison with them, and what speaks against it, as words of DOUBTS."""
    champion = find_served_by(purpose=model.purpose, segment=segment)
    comparison = find_comparison(model=model, champion=champion, segment=segment)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT promotion_doubts(%s, %s, %s)",
            [model.pk, champion.pk if champion else None, comparison.pk if comparison else None],
        )
        (doubts,) = cursor.fetchone()
    return champion, comparison, list(doubts)


def find_served_by(*, purpose: str, segment: str = "") -> ModelVersion | None:
    """Return the model that serves the loans of a segment now: its own champion, else the one for all."""
    live = Deployment.objects.live().filter(purpose=purpose, segment__in={segment, ""}).order_by("-segment")
    first = live.select_related("model").defer(*heavy_fields("model")).first()
    return first.model if first else None


def find_comparison(*, model: ModelVersion, champion: ModelVersion | None, segment: str = "") -> Comparison | None:
    """Return the newest comparison of a model with a champion."""
    return Comparison.objects.filter(model=model, champion=champion, segment=segment).first() if champion else None


def propose_promotion(
    *, model: ModelVersion, reason: str, proposed_by: User, segment: str = "", in_spite_of: str = ""
) -> PromotionProposal:
    """Propose that a model goes live for a segment of its purpose, or for all loans; another person decides.

    The newest comparison with the champion of today goes with it. Where something speaks against the model (a worse
    comparison, none, no signal, no validation: see DOUBTS), `in_spite_of` has to say why it should go live all the same; the
    first champion of a purpose needs no comparison. Raises PromotionRefused, ModelDoesNotFit, ModelTampered.
    """
    if not reason.strip():
        raise PromotionRefused("Say why this model is promoted.", fields={"reason": "Say why."})
    if segment not in Segment.values:
        raise PromotionRefused(f"There is no segment {segment!r}; there are {', '.join(filter(None, Segment.values))}.")
    check_fit(model)
    load_session(model)
    champion, comparison, doubts = find_doubts(model=model, segment=segment)
    if doubts and not in_spite_of.strip() and champion != model:
        against = " ".join(DOUBTS[doubt] for doubt in doubts)
        raise PromotionRefused(
            f"{against} Say why it should go live all the same.",
            fields={"in_spite_of": "Say why it should go live all the same."},
            code="doubtful_promotion",
        )
    with told_in_words(PromotionRefused, SENTENCES), transaction.atomic():
        proposal = PromotionProposal.objects.create(
            model=model, segment=segment, comparison=comparison, reason=reason.strip(), in_spite_of=in_spite_of.strip(),
            proposed_by=proposed_by,
        )  # fmt: skip
    proposal.refresh_from_db(fields=["champion", "doubts"])  # the database filled them in
    return proposal


def decide_promotion(
    *, proposal: PromotionProposal, is_approved: bool, decided_by: User, reason: str = ""
) -> MoveReport | ProposalReport:
    """Approve a proposal, which makes its model the champion at once, or refuse it with a reason. Once, by a second person.

    The old deployment ends and the new one begins in one transaction. Of two approvals at once one wins and the other raises
    PromotionConflict, as does one whose champion has changed since it was proposed. Raises PromotionRefused, ModelDoesNotFit
    and ModelTampered.
    """
    model = proposal.model
    if not is_approved and not reason.strip():
        raise PromotionRefused(fields={"reason": "Say why it is refused."})
    if is_approved:
        check_fit(model)
        load_session(model)
    try:
        with told_in_words(PromotionRefused, SENTENCES), transaction.atomic():
            if PromotionDecision.objects.filter(proposal=proposal).exists():
                raise PromotionRefused("This was decided already.")
            decision = PromotionDecision.objects.create(
                proposal=proposal, is_approved=is_approved, reason=reason.strip(), decided_by=decided_by
            )
            if is_approved:
                return _go_live(proposal, decision)
    except PromotionRefused as refusal:
        if refusal.code in (CHANGED, "one_champion_per_purpose_and_segment"):
            raise PromotionConflict(SENTENCES[CHANGED]) from refusal
        raise
    return report_proposal(proposal, is_refused=True)


def report_proposal(proposal: PromotionProposal, *, is_refused: bool = False) -> ProposalReport:
    """Return what is told of a proposal."""
    compared = proposal.comparison
    return ProposalReport(
        proposal=proposal.pk,
        model=proposal.model.name,
        purpose=proposal.model.purpose,
        segment=proposal.segment,
        champion=proposal.champion.name if proposal.champion else "",
        doubts=tuple(proposal.doubts),
        is_refused=is_refused,
        gain=(compared.gain, compared.gain_low, compared.gain_high) if compared else None,
        scope_note=proposal.scope_note,
    )


def _go_live(proposal: PromotionProposal, decision: PromotionDecision) -> MoveReport:
    """End the deployment that stands in the place and begin the new one; the decision holds the lock of the purpose."""
    model, now = proposal.model, timezone.now()
    seat = Deployment.objects.select_for_update(of=("self",)).select_related("model").defer(*heavy_fields("model"))
    old = seat.filter(purpose=model.purpose, segment=proposal.segment).live().first()
    if old is not None:
        now = max(now, old.live_from)
        _end(old, at=now, by=decision.decided_by, reason=f"replaced by {model.name}")
    for shadow in Challenger.objects.live().filter(model=model, segment=proposal.segment):
        _end_challenge(shadow, at=max(now, shadow.live_from), by=decision.decided_by, reason="became the champion")
    Deployment.objects.create(
        model=model, purpose=model.purpose, segment=proposal.segment, decision=decision, live_from=now,
        promoted_by=proposal.proposed_by, reason=proposal.reason,
    )  # fmt: skip
    return MoveReport(
        model.name,
        model.purpose,
        True,
        now,
        replaced=old.model.name if old is not None else "",
        segment=proposal.segment,
        scope_note=proposal.scope_note,
    )


def retire_model(*, model: ModelVersion, reason: str, by: User | None = None) -> MoveReport:
    """Take a champion off duty without another in its place; raises RetirementRefused if it is not live or no reason is given.

    One person is enough: a model that does harm is stopped by whoever sees it. Where it was the champion of a segment the one
    for all takes over.
    """
    if not reason.strip():
        raise RetirementRefused("Say why this model is retired.", fields={"reason": "must not be blank"})
    with transaction.atomic():
        live: Sequence[Deployment] = list(Deployment.objects.select_for_update().filter(model=model).live())
        if not live:
            raise RetirementRefused(f"{model.name} is not live.")
        now = max(timezone.now(), *(one.live_from for one in live))
        for one in live:
            _end(one, at=now, by=by, reason=reason.strip())
    return MoveReport(model.name, model.purpose, False, now, segment=live[0].segment if len(live) == 1 else "")


def name_challenger(*, model: ModelVersion, reason: str, named_by: User, segment: str = "") -> Challenger:
    """Let a model run in the shadow of the champion: watched, but nobody is treated by its scores. Raises PromotionRefused."""
    if not reason.strip():
        raise PromotionRefused("Say why this model is a challenger.", fields={"reason": "Say why."})
    if segment not in Segment.values:
        raise PromotionRefused(f"There is no segment {segment!r}.")
    check_fit(model)
    with told_in_words(PromotionRefused, SENTENCES), transaction.atomic():
        return Challenger.objects.create(
            model=model, purpose=model.purpose, segment=segment, reason=reason.strip(), named_by=named_by
        )


def end_challenge(*, challenger: Challenger, reason: str, by: User) -> Challenger:
    """Take a model out of the shadow; raises PromotionRefused where it is out already or no reason is given."""
    if not reason.strip():
        raise PromotionRefused("Say why.", fields={"reason": "Say why."})
    with told_in_words(PromotionRefused, SENTENCES), transaction.atomic():
        _end_challenge(challenger, at=max(timezone.now(), challenger.live_from), by=by, reason=reason.strip())
    return challenger


def _end(deployment: Deployment, *, at: datetime, by: User | None, reason: str) -> None:
    deployment.live_until, deployment.retired_by, deployment.retire_reason = at, by, reason
    deployment.save(update_fields=["live_until", "retired_by", "retire_reason"])


def _end_challenge(challenger: Challenger, *, at: datetime, by: User, reason: str) -> None:
    challenger.live_until, challenger.ended_by, challenger.end_reason = at, by, reason
    challenger.save(update_fields=["live_until", "ended_by", "end_reason"])
