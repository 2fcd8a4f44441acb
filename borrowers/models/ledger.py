"""Loans and the append-only ledger: schedules, instalments, payments. Every entry has two clocks, effective and booked."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from borrowers.models.fields import MoneyField, booked_at_field, is_money
from borrowers.models.people import Borrower
from borrowers.querysets import LoanQuerySet, PaymentQuerySet


class Product(models.Model):
    """A kind of loan with the rules that its delinquency follows."""

    class Kind(models.TextChoices):
        INSTALMENT = "instalment", "instalment loan"
        REVOLVING = "revolving", "revolving account"

    class SettlementOrder(models.TextChoices):
        FEE_INTEREST_PRINCIPAL = "fip", "fees, interest, principal"
        FEE_PRINCIPAL_INTEREST = "fpi", "fees, principal, interest"
        INTEREST_FEE_PRINCIPAL = "ifp", "interest, fees, principal"
        INTEREST_PRINCIPAL_FEE = "ipf", "interest, principal, fees"
        PRINCIPAL_FEE_INTEREST = "pfi", "principal, fees, interest"
        PRINCIPAL_INTEREST_FEE = "pif", "principal, interest, fees"

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.INSTALMENT, db_default=Kind.INSTALMENT)
    tolerance_amount = MoneyField(
        default=0, help_text="An instalment whose unpaid remainder does not exceed this counts as paid."
    )
    settlement_order = models.CharField(
        max_length=3,
        choices=SettlementOrder,
        default=SettlementOrder.FEE_INTEREST_PRINCIPAL,
        db_default=SettlementOrder.FEE_INTEREST_PRINCIPAL,
        help_text="What a payment settles first inside one instalment; between instalments it is the oldest due date.",
    )
    unpaid_fees_age = models.BooleanField(
        default=False, db_default=False, help_text="Whether a loan on which only fees are unpaid counts as past due."
    )
    grace_days = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        help_text="Days after the due date before a loan is flagged; days past due count anyway.",
    )

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=is_money("tolerance_amount"), name="tolerance_is_not_negative"),
            models.CheckConstraint(condition=Q(kind__in=["instalment", "revolving"]), name="product_kind_is_known"),
            models.CheckConstraint(
                condition=Q(settlement_order__in=["fip", "fpi", "ifp", "ipf", "pfi", "pif"]),
                name="settlement_order_is_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Loan(models.Model):
    """A debt of one borrower; what is owed and paid is in its instalments and payments, or in the lender's snapshots."""

    class Bookkeeping(models.TextChoices):
        LEDGER = "ledger", "instalments and payments"
        SNAPSHOTS = "snapshots", "snapshots of the lender's own figures"

    external_id = models.CharField(max_length=64, unique=True, help_text="The lender's own number.")
    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="loans")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="loans")
    bookkeeping = models.CharField(
        max_length=9, choices=Bookkeeping, default=Bookkeeping.LEDGER, db_default=Bookkeeping.LEDGER
    )
    currency = models.CharField(max_length=3)
    principal_amount = MoneyField(
        null=True, blank=True, help_text="Unknown only where the lender gives snapshots alone."
    )
    credit_limit_amount = MoneyField(null=True, blank=True, help_text="Of a revolving account.")
    annual_interest_ratio = models.DecimalField(max_digits=8, decimal_places=6, null=True, blank=True)
    term_days = models.PositiveIntegerField(null=True, blank=True)
    approved_on = models.DateField()
    approved_at = models.DateTimeField(null=True, blank=True, help_text="The instant of approval, where it is known.")
    attributes = models.JSONField(default=dict, blank=True, help_text="The lender's own columns.")
    booked_at = booked_at_field()

    objects = LoanQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=is_money("principal_amount", above_zero=True), name="principal_is_positive"
            ),
            models.CheckConstraint(
                condition=Q(principal_amount__isnull=False) | Q(bookkeeping="snapshots"),
                name="principal_is_known_but_of_snapshots",
            ),
            models.CheckConstraint(condition=Q(bookkeeping__in=["ledger", "snapshots"]), name="bookkeeping_is_known"),
            models.CheckConstraint(condition=is_money("credit_limit_amount"), name="credit_limit_is_not_negative"),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="currency_is_iso_4217"),
        ]
        indexes = [models.Index(fields=["borrower", "approved_on"], name="loan_borrower_approved_idx")]

    def __str__(self) -> str:
        return self.external_id


class ScheduleVersion(models.Model):
    """One agreed plan of instalments; the highest version in force on a day is the one that counts."""

    class Reason(models.TextChoices):
        ORIGINAL = "original", "original agreement"
        DEFERRAL = "deferral", "deferral"
        RE_AGE = "re_age", "re-age"
        RESTRUCTURE = "restructure", "restructure"
        CORRECTION = "correction", "correction"

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="schedule_versions")
    version = models.PositiveSmallIntegerField(default=1)
    reason = models.CharField(max_length=12, choices=Reason, default=Reason.ORIGINAL)
    is_distressed = models.BooleanField(
        default=False, db_default=False, help_text="Granted because the borrower could not pay: counts as default."
    )
    effective_on = models.DateField()
    booked_at = booked_at_field()

    class Meta:
        ordering = ["loan_id", "version"]
        constraints = [
            models.UniqueConstraint(fields=["loan", "version"], name="schedule_versions_of_a_loan_are_numbered"),
            models.UniqueConstraint(fields=["id", "loan"], name="schedule_version_with_its_loan"),
            models.CheckConstraint(condition=Q(version__gte=1), name="schedule_version_counts_from_one"),
            models.CheckConstraint(
                condition=Q(reason__in=["original", "deferral", "re_age", "restructure", "correction"]),
                name="schedule_reason_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.loan} v{self.version}"


class Instalment(models.Model):
    """What is due on a day under one schedule version. Append-only; its clocks are those of its schedule version.

    One foreign key, instalment_is_of_the_loan_of_its_schedule, stands for those of loan and schedule: it checks both at once.
    """

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="instalments", db_constraint=False)
    schedule = models.ForeignKey(
        ScheduleVersion, on_delete=models.PROTECT, related_name="instalments", db_constraint=False
    )
    number = models.PositiveSmallIntegerField()
    due_on = models.DateField()
    principal_amount = MoneyField()
    interest_amount = MoneyField(default=0)
    fee_amount = MoneyField(default=0)

    class Meta:
        ordering = ["schedule_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["schedule", "number"], name="instalments_of_a_schedule_are_numbered"),
            models.CheckConstraint(condition=is_money("principal_amount"), name="instalment_principal_is_not_negative"),
            models.CheckConstraint(condition=is_money("interest_amount"), name="instalment_interest_is_not_negative"),
            models.CheckConstraint(condition=is_money("fee_amount"), name="instalment_fee_is_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.loan_id} #{self.number} due {self.due_on}"


class SchedulePlan(models.Model):
    """What a schedule asks for, in one row: derived from its instalments by the database, so that refreshing is quick."""

    schedule = models.OneToOneField(ScheduleVersion, on_delete=models.CASCADE, primary_key=True, related_name="plan")
    due_on = ArrayField(models.DateField(), help_text="In the order of settlement.")
    due_cents = ArrayField(models.BigIntegerField(), help_text="Due up to each instalment, in hundredths.")
    principal_cents = ArrayField(
        models.BigIntegerField(), help_text="Principal due up to each instalment, in hundredths."
    )
    smallest_cents = models.BigIntegerField(
        help_text="Principal and interest of the smallest instalment, in hundredths."
    )

    class Meta:
        indexes = [models.Index(fields=["schedule"], name="plan_emptied_idx", condition=Q(due_on=[]))]

    def __str__(self) -> str:
        return f"plan of {self.schedule_id}"


class Payment(models.Model):
    """Money that came in, or the reversal of such an entry with the amount negated. Append-only.

    Only cleared entries, reversals among them, settle anything. A payment that is pending or in clearing is followed by a new
    entry when it moves on, at last by one that is cleared or returned; a cleared one is taken back by a reversal.
    """

    class Channel(models.TextChoices):
        UNKNOWN = "unknown", "unknown"
        TRANSFER = "transfer", "bank transfer"
        DIRECT_DEBIT = "direct_debit", "direct debit"
        CARD = "card", "card"
        CASH = "cash", "cash"

    class Status(models.TextChoices):
        PENDING = "pending", "pending"
        IN_CLEARING = "in_clearing", "in clearing"
        CLEARED = "cleared", "cleared"
        RETURNED = "returned", "returned"

    class ReversalReason(models.TextChoices):
        UNKNOWN = "", "not given"
        RETURNED = "returned", "returned by the bank"
        CHARGEBACK = "chargeback", "charged back"
        MISTAKE = "mistake", "entered by mistake"

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="payments", db_index=False)
    external_id = models.CharField(
        max_length=80, unique=True, null=True, blank=True, help_text="The lender's reference."
    )
    amount = MoneyField()
    status = models.CharField(max_length=11, choices=Status, default=Status.CLEARED, db_default=Status.CLEARED)
    effective_on = models.DateField()
    booked_at = booked_at_field()
    channel = models.CharField(max_length=12, choices=Channel, default=Channel.UNKNOWN)
    reference = models.CharField(max_length=120, blank=True, db_default="", help_text="What the payer wrote.")
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="reversed_by")
    reversal_reason = models.CharField(max_length=10, choices=ReversalReason, blank=True, db_default="")
    follows = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="followed_by",
        help_text="The earlier entry of the same payment, when it was pending or in clearing.",
    )  # fmt: skip
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="payments_recorded"
    )

    objects = PaymentQuerySet.as_manager()

    class Meta:
        ordering = ["-effective_on", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(reverses__isnull=True, amount__gt=0, amount__lt=1_000_000_000_000)
                | Q(reverses__isnull=False, amount__lt=0),
                name="payment_is_positive_and_reversal_negative",
            ),
            models.CheckConstraint(
                condition=Q(channel__in=["unknown", "transfer", "direct_debit", "card", "cash"]),
                name="payment_channel_is_known",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["pending", "in_clearing", "cleared", "returned"]),
                name="payment_status_is_known",
            ),
            models.CheckConstraint(
                condition=Q(reverses__isnull=True) | Q(status="cleared", follows__isnull=True),
                name="only_what_is_cleared_is_reversed",
            ),
            models.CheckConstraint(
                condition=~Q(status="returned") | Q(follows__isnull=False), name="returned_payment_follows_another"
            ),
            models.CheckConstraint(
                condition=Q(reversal_reason="")
                | Q(reverses__isnull=False, reversal_reason__in=["returned", "chargeback", "mistake"]),
                name="reversal_reason_is_known",
            ),
        ]
        # A loan's payments lie all over the table, in the order of their days: what a refresh reads of them is in the index.
        indexes = [
            models.Index(
                fields=["loan", "effective_on"],
                include=["id", "booked_at", "amount", "status", "reverses"],
                name="payment_loan_effective_idx",
            )
        ]

    def __str__(self) -> str:
        return f"{self.amount} on {self.effective_on}"


class Charge(models.Model):
    """A fee or interest charged after a due date, or its waiver with the amount negated. Append-only."""

    class Kind(models.TextChoices):
        LATE_FEE = "late_fee", "late fee"
        DEFAULT_INTEREST = "default_interest", "default interest"
        RETURN_FEE = "return_fee", "fee for a returned payment"
        LEGAL_COST = "legal_cost", "legal cost"
        OTHER = "other", "other"

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="charges")
    external_id = models.CharField(max_length=80, unique=True, null=True, blank=True)
    kind = models.CharField(max_length=16, choices=Kind)
    amount = MoneyField()
    effective_on = models.DateField(help_text="The day it is owed from.")
    booked_at = booked_at_field()
    waives = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="waived_by")
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="charges_recorded"
    )

    class Meta:
        ordering = ["effective_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(waives__isnull=True, amount__gt=0, amount__lt=1_000_000_000_000)
                | Q(waives__isnull=False, amount__lt=0),
                name="charge_is_positive_and_waiver_negative",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["late_fee", "default_interest", "return_fee", "legal_cost", "other"]),
                name="charge_kind_is_known",
            ),
        ]
        indexes = [models.Index(fields=["loan", "effective_on"], name="charge_loan_effective_idx")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.amount} on {self.effective_on}"


class Statement(models.Model):
    """What a revolving account asks for by a due date, and its balance on the day of the statement. Append-only.

    A later entry of one account and statement day, known later, takes the place of the earlier one.
    """

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="statements")
    stated_on = models.DateField()
    due_on = models.DateField()
    principal_amount = MoneyField(help_text="Newly due, without arrears: principal.")
    interest_amount = MoneyField(default=0)
    fee_amount = MoneyField(default=0)
    balance_amount = MoneyField(help_text="All that is owed on the day of the statement.")
    booked_at = booked_at_field()

    class Meta:
        ordering = ["loan_id", "stated_on", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(due_on__gte=F("stated_on")), name="statement_is_due_after_it_is_made"),
            models.CheckConstraint(condition=is_money("principal_amount"), name="statement_principal_is_not_negative"),
            models.CheckConstraint(condition=is_money("interest_amount"), name="statement_interest_is_not_negative"),
            models.CheckConstraint(condition=is_money("fee_amount"), name="statement_fee_is_not_negative"),
            models.CheckConstraint(condition=is_money("balance_amount"), name="statement_balance_is_not_negative"),
        ]
        indexes = [models.Index(fields=["loan", "stated_on"], name="statement_loan_idx")]

    def __str__(self) -> str:
        return f"{self.loan_id} statement of {self.stated_on}"


class BalanceSnapshot(models.Model):
    """How a loan stood on a day by the lender's own system. Append-only; of one day the entry known last counts."""

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="balance_snapshots")
    as_of = models.DateField()
    days_past_due = models.PositiveIntegerField(null=True, blank=True)
    outstanding_amount = MoneyField(null=True, blank=True, help_text="All that is owed.")
    outstanding_principal_amount = MoneyField(null=True, blank=True)
    overdue_amount = MoneyField(null=True, blank=True, help_text="Due and not paid.")
    status = models.CharField(max_length=40, blank=True, db_default="", help_text="The lender's own word.")
    booked_at = booked_at_field()

    class Meta:
        ordering = ["loan_id", "as_of", "id"]
        constraints = [
            models.CheckConstraint(condition=is_money("outstanding_amount"), name="snapshot_outstanding_is_money"),
            models.CheckConstraint(
                condition=is_money("outstanding_principal_amount"), name="snapshot_principal_is_money"
            ),
            models.CheckConstraint(condition=is_money("overdue_amount"), name="snapshot_overdue_is_money"),
        ]
        indexes = [models.Index(fields=["loan", "-as_of", "-id"], name="snapshot_loan_day_idx")]

    def __str__(self) -> str:
        return f"{self.loan_id} on {self.as_of}: {self.days_past_due} days past due"
