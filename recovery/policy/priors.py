"""What is expected of a loan before any model has learned from the lender's own books.

Source: `shared/data/cc_monthly_status`, 1,048,575 monthly statuses of 45,985 card accounts of one lender that is not named,
counted once in full. Status 0 is 1-29 days past due, 1 is 30-59, 2 is 60-89, 3 and more 90 and later or written off; C and X
(paid off, no loan) stand for nothing overdue. `default_ratio` counts months after which the account was 90 or more days late
in one of the next three (for 91+: was so still or again); `worse_ratio` and `better_ratio` count a later and an earlier bucket
in the next month. `months` is the base of the first.

Other lenders differ, most in the first bucket: 1-29 days late is where cards stand each month before the payment arrives.
The table therefore orders work and decides nothing; its place is taken by a model as soon as one is live.
"""

from dataclasses import dataclass

SOURCE = "monthly statuses of 45,985 card accounts, origin not named"


@dataclass(frozen=True, slots=True)
class Prior:
    """What became of accounts of a bucket."""

    bucket: str
    default_ratio: float
    worse_ratio: float
    better_ratio: float
    months: int


PRIORS = {
    prior.bucket: prior
    for prior in (
        Prior("current", 0.0003, 0.0521, 0.0, 557_520),
        Prior("1-30", 0.0010, 0.0194, 0.1241, 342_453),
        Prior("31-60", 0.0270, 0.0529, 0.6294, 9_750),
        Prior("61-90", 0.3744, 0.3110, 0.5265, 812),
        Prior("91+", 0.8752, 0.0, 0.1381, 1_971),
    )
}

# When a model takes over: as soon as one is live, and one can be trained from this much on.
TAKEOVER = (
    "A model takes over once one is live. Training asks for at least 100 cases whose outcome is known, at least 20 of them bad "
    "and 20 not, and 10 of each on both sides of the split."
)
ORDERED_BY_PRIORS = "Ordered by rules and priors: no model yet."


def find_prior(bucket: str) -> Prior | None:
    """Return what is expected of a bucket, None where nothing was measured."""
    return PRIORS.get(bucket)
