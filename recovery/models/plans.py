"""Payment plans and settlements: what was agreed, what it rests on, and how it went. All of it is append-only."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from borrowers.models import Loan
from borrowers.models.fields import MoneyField, booked_at_field, is_money
from creditpath.accounts.models import Role
from recovery.querysets import PlanQuerySet


def _ratio_field(help_text: str) -> models.DecimalField:
    return models.DecimalField(max_digits=4, decimal_places=3, help_text=help_text)


class PlanTerms(models.Model):
    """When a plan counts as affordable and when as broken, for plans made from a day on. A new row takes over."""

    effective_from = models.DateField(unique=True)
    grace_days = models.PositiveSmallIntegerField(
        help_text="Days after its due day until an instalment counts as missed."
    )
    tolerance_ratio = _ratio_field("Share of what was due, 0 to 0.5, that may be missing.")
    missed_allowed = models.PositiveSmallIntegerField(help_text="Missed instalments that do not yet break the plan.")
    affordable_ratio = _ratio_field(
        "Largest share, 0 to 1, of the disposable income that a month of the plan may take."
    )
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True)
    booked_at = booked_at_field()

    class Meta:
        ordering = ["-effective_from"]
        verbose_name_plural = "plan terms"
        constraints = [
            models.CheckConstraint(condition=Q(grace_days__lte=60), name="plan_grace_is_at_most_60_days"),
            models.CheckConstraint(
                condition=Q(tolerance_ratio__gte=0, tolerance_ratio__lte=Decimal("0.5")),
                name="plan_tolerance_is_a_small_share",
            ),
            models.CheckConstraint(
                condition=Q(missed_allowed__lte=12), name="at_most_12_missed_instalments_are_allowed"
            ),
            models.CheckConstraint(
                condition=Q(affordable_ratio__gt=0, affordable_ratio__lte=1), name="affordable_is_a_share_of_income"
            ),
        ]

    def __str__(self) -> str:
        return f"terms of plans from {self.effective_from}"


class PlanLimit(models.Model):
    """What a role may agree to without a second person, and may approve for others, from a day on. A new row takes over."""

    role = models.CharField(max_length=20, choices=Role)
    effective_from = models.DateField()
    discount_ratio = _ratio_field("Largest share of what is owed, 0 to 1, that may be let go.")
    duration_days = models.PositiveSmallIntegerField(
        help_text="Longest time from the first day to the last instalment."
    )
    may_exceed_income = models.BooleanField(help_text="May agree to more than what is affordable, or without a check.")
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True)
    booked_at = booked_at_field()

    class Meta:
        ordering = ["role", "-effective_from"]
        constraints = [
            models.UniqueConstraint(fields=["role", "effective_from"], name="one_plan_limit_per_role_and_day"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="plan_limit_is_of_a_role"),
            models.CheckConstraint(
                condition=Q(discount_ratio__gte=0, discount_ratio__lte=1), name="plan_discount_is_a_share"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} from {self.effective_from}"


class Plan(models.Model):
    """What a borrower is to pay on a loan, in its own instalments. How it stands is its last event's `state`."""

    class Kind(models.TextChoices):
        CATCH_UP = "catch_up", "catch up"
        PAY_OFF = "pay_off", "pay off"
        SETTLEMENT = "settlement", "settlement"

    class Frequency(models.TextChoices):
        MONTHLY = "monthly", "every month"
        FORTNIGHTLY = "fortnightly", "every two weeks"
        WEEKLY = "weekly", "every week"

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="plans")
    kind = models.CharField(max_length=10, choices=Kind)
    frequency = models.CharField(max_length=11, choices=Frequency)
    currency = models.CharField(max_length=3)
    owed_amount = MoneyField(help_text="What the books said was outstanding; what a discount is measured from.")
    agreed_amount = MoneyField(help_text="The sum of the instalments.")
    monthly_amount = MoneyField(help_text="What the plan takes in a month.")
    disposable_amount = models.DecimalField(
        max_digits=14, decimal_places=2, null=True, blank=True,
        help_text="Income less expenditure in a month, the sum of its lines; empty: not asked.",
    )  # fmt: skip
    starts_on = models.DateField(help_text="Payments count from this day on.")
    ends_on = models.DateField(help_text="The day of the last instalment.")
    reason = models.CharField(
        max_length=500, blank=True, default="", help_text="Why more than the limits allow is asked."
    )
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="plans_proposed")
    form_key = models.CharField(max_length=60, unique=True)
    booked_at = booked_at_field()

    objects = PlanQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["catch_up", "pay_off", "settlement"]), name="plan_kind_is_known"
            ),
            models.CheckConstraint(
                condition=Q(frequency__in=["monthly", "fortnightly", "weekly"]), name="plan_frequency_is_known"
            ),
            models.CheckConstraint(
                condition=is_money("owed_amount", above_zero=True)
                & is_money("agreed_amount", above_zero=True)
                & is_money("monthly_amount", above_zero=True),
                name="plan_amounts_are_positive",
            ),
            models.CheckConstraint(
                condition=~Q(kind="settlement") | Q(agreed_amount__lt=F("owed_amount")),
                name="settlement_lets_something_go",
            ),
            models.CheckConstraint(
                condition=~Q(kind="pay_off") | Q(agreed_amount__gte=F("owed_amount")),
                name="pay_off_is_of_all_that_is_owed",
            ),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="plan_ends_after_it_starts"),
        ]
        indexes = [models.Index(fields=["loan", "-id"], name="plan_loan_idx")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.currency} {self.agreed_amount:,} until {self.ends_on}"

    @property
    def discount_amount(self) -> Decimal:
        """Return what a settlement lets go; other plans let nothing go."""
        return self.owed_amount - self.agreed_amount if self.kind == self.Kind.SETTLEMENT else Decimal(0)


class PlanInstalment(models.Model):
    """One payment of a plan."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="instalments")
    number = models.PositiveSmallIntegerField()
    due_on = models.DateField()
    amount = MoneyField()

    class Meta:
        ordering = ["plan", "number"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="plan_instalments_are_numbered_once"),
            models.UniqueConstraint(fields=["plan", "due_on"], name="one_plan_instalment_a_day"),
            models.CheckConstraint(condition=is_money("amount", above_zero=True), name="plan_instalment_is_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} by {self.due_on}"


class PlanBudgetLine(models.Model):
    """One line of the income-and-expenditure check: what comes in or goes out in a month."""

    class Kind(models.TextChoices):
        INCOME = "income", "income"
        EXPENSE = "expense", "expense"

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="budget")
    kind = models.CharField(max_length=7, choices=Kind)
    label = models.CharField(max_length=60)
    amount = MoneyField()

    class Meta:
        ordering = ["plan", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["income", "expense"]), name="budget_line_kind_is_known"),
            models.CheckConstraint(condition=is_money("amount"), name="budget_line_is_money"),
            models.UniqueConstraint(fields=["plan", "label"], name="budget_lines_are_named_once"),
        ]

    def __str__(self) -> str:
        return f"{self.label}: {self.amount}"


class PlanEvent(models.Model):
    """A step of a plan, from which day on, by whom and why. The database lets only steps through that may be taken."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "proposed"
        WAITING = "waiting", "awaiting approval"
        ACTIVE = "active", "active"
        COMPLETED = "completed", "completed"
        DEFAULTED = "defaulted", "defaulted"
        CANCELLED = "cancelled", "cancelled"

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="events")
    number = models.PositiveSmallIntegerField(help_text="Counted by the database.", default=0)
    state = models.CharField(max_length=9, choices=State)
    effective_on = models.DateField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        help_text="Empty: found from payments.",
    )
    reason = models.CharField(max_length=500, blank=True, default="")
    booked_at = booked_at_field()

    class Meta:
        ordering = ["plan", "number"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["proposed", "waiting", "active", "completed", "defaulted", "cancelled"]),
                name="plan_state_is_known",
            ),
            models.UniqueConstraint(fields=["plan", "number"], name="plan_steps_are_numbered_once"),
            models.CheckConstraint(
                condition=~Q(state__in=["completed", "defaulted"]) | Q(by__isnull=True),
                name="end_of_a_plan_is_found_from_payments",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["waiting", "cancelled"]) | ~Q(reason=""), name="plan_step_says_why"
            ),
        ]
        indexes = [models.Index(fields=["state", "plan"], name="plan_event_state_idx")]

    def __str__(self) -> str:
        return f"{self.get_state_display()} on {self.effective_on}"
