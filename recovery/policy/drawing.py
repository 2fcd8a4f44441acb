"""The draw that lets a small share of decisions try another eligible action, so that effects can be learned."""

import hashlib
from collections.abc import Sequence


def draw(*, seed: str, household: str, key: str) -> float:
    """Return a number in [0, 1) that is the same for a household, a line and a policy on every day and every machine.

    It is sticky, so that a household keeps its treatment while it stays on a line; lines are drawn for apart.
    """
    digest = hashlib.sha256(f"{seed}|{household}|{key}".encode()).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) / float(1 << 53)


def spread(actions: Sequence[str], ratio: float) -> dict[str, float]:
    """Return the probability of each action: the first is the policy's own, `ratio` is spread over all of them alike."""
    if len(actions) < 2 or ratio <= 0:
        return {actions[0]: 1.0}
    share = ratio / len(actions)
    return {action: (1 - ratio + share if place == 0 else share) for place, action in enumerate(actions)}


def pick(probabilities: dict[str, float], drawn: float) -> str:
    """Return the action on which a number in [0, 1) falls, the actions laid side by side in the order of their names."""
    reached = 0.0
    names = sorted(probabilities)
    for action in names:
        reached += probabilities[action]
        if drawn < reached:
            return action
    return names[-1]
