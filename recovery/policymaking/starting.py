"""The policy of a new installation."""

from datetime import date
from decimal import Decimal

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count

from borrowers.models import Loan
from recovery.models import Policy, PolicyEvent, PolicyRule
from recovery.policy.default import EXPLORATION_RATIO, TITLE, default_rules


@transaction.atomic
def ensure_default_policy(*, as_of: date) -> Policy:
    """Return the policy in force on a day, writing the starting one if there is none until the next approved one begins.

    Its two amounts come from the books, as no number fits every currency: small is 2 %, large 50 % of the median principal of
    the most common currency. They stand in the lines and can be read there. One decision in twenty draws by lot among the
    actions of its line (the setting STARTING_EXPLORATION_RATIO), since what was never tried can never be compared.
    """
    policy = Policy.objects.in_force(as_of).first()
    if policy is not None:
        return policy
    newest = Policy.objects.order_by("-version").first()
    following = Policy.objects.filter(state=Policy.State.APPROVED, effective_from__gt=as_of).order_by("effective_from")
    upcoming = following.first()
    currency = _common_currency()
    policy = Policy.objects.create(
        version=1 + (newest.version if newest else 0),
        title=TITLE,
        currency=currency,
        exploration_ratio=getattr(settings, "STARTING_EXPLORATION_RATIO", EXPLORATION_RATIO),
        effective_from=as_of,
        effective_until=upcoming.effective_from if upcoming else None,
        is_installed=True,
    )
    median = _median_principal(currency)
    small, large = (_rounded(median * share) for share in (Decimal("0.02"), Decimal("0.5")))
    PolicyRule.objects.bulk_create(
        PolicyRule(policy=policy, **line) for line in default_rules(small_amount=small, large_amount=large)
    )
    policy.state = Policy.State.APPROVED
    policy.save(update_fields=["state"])
    PolicyEvent.objects.create(policy=policy, kind=PolicyEvent.Kind.CREATED, detail="Came with the product.")
    return policy


def _common_currency() -> str:
    common = Loan.objects.values("currency").annotate(n=Count("id")).order_by("-n", "currency").first()
    return common["currency"] if common else ""


def _median_principal(currency: str) -> Decimal:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY coalesce(l.principal_amount, d.outstanding_amount))"
            " FROM borrowers_loan l LEFT JOIN borrowers_delinquency d ON d.loan_id = l.id WHERE l.currency = %s",
            [currency],
        )
        return Decimal(cursor.fetchone()[0] or 0)  # loans kept by snapshots have no principal: what is owed stands in


def _rounded(amount: Decimal) -> Decimal:
    """Round down to one significant digit: 437.50 becomes 400."""
    if amount < 1:
        return Decimal(0)
    step = Decimal(10) ** (len(str(int(amount))) - 1)
    return (amount // step) * step
