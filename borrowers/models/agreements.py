"""What happens to a loan as a whole, who else answers for it, and what secures it."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from borrowers.models.fields import MoneyField, booked_at_field, is_money
from borrowers.models.ledger import Loan
from borrowers.models.people import Borrower


class LoanEvent(models.Model):
    """A change of a loan's standing, or the revocation of one. Append-only, with two clocks like every entry."""

    class Kind(models.TextChoices):
        WRITTEN_OFF = "written_off", "written off"
        SOLD = "sold", "sold"
        PLACED = "placed", "placed with an agency"
        RECALLED = "recalled", "recalled from the agency"
        BANKRUPTCY = "bankruptcy", "bankruptcy"
        CLOSED = "closed", "closed"
        REVOKED = "revoked", "revoked"

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="events")
    external_id = models.CharField(max_length=80, unique=True, null=True, blank=True)
    kind = models.CharField(max_length=12, choices=Kind)
    amount = MoneyField(null=True, blank=True, help_text="Written off, or the price of the sale.")
    counterparty = models.CharField(max_length=120, blank=True, db_default="", help_text="Buyer or agency.")
    note = models.TextField(blank=True, db_default="", max_length=2000)
    effective_on = models.DateField()
    booked_at = booked_at_field()
    revokes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="revoked_by")
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="loan_events_recorded"
    )

    class Meta:
        ordering = ["-effective_on", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["written_off", "sold", "placed", "recalled", "bankruptcy", "closed", "revoked"]),
                name="loan_event_is_known",
            ),
            models.CheckConstraint(condition=is_money("amount"), name="loan_event_amount_is_money"),
            models.CheckConstraint(
                condition=Q(kind="revoked", revokes__isnull=False) | (~Q(kind="revoked") & Q(revokes__isnull=True)),
                name="only_a_revocation_revokes",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["sold", "placed"]) | ~Q(counterparty=""),
                name="sale_and_placement_name_the_other",
            ),
        ]
        indexes = [models.Index(fields=["loan", "kind", "effective_on"], name="loan_event_idx")]

    def __str__(self) -> str:
        return f"{self.loan_id} {self.get_kind_display()} on {self.effective_on}"


class LoanParty(models.Model):
    """A person beside the borrower: who owes too, who stands in, who may be spoken to."""

    class Role(models.TextChoices):
        CO_BORROWER = "co_borrower", "co-borrower"
        GUARANTOR = "guarantor", "guarantor"
        AUTHORISED = "authorised", "third party with authority"

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="parties")
    person = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="party_to")
    role = models.CharField(max_length=11, choices=Role)
    authority = models.CharField(
        max_length=200, blank=True, db_default="", help_text="What proves it: a power of attorney, a guarantee."
    )
    since = models.DateField()
    until = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["loan_id", "id"]
        verbose_name_plural = "loan parties"
        constraints = [
            models.CheckConstraint(
                condition=Q(role__in=["co_borrower", "guarantor", "authorised"]), name="party_role_is_known"
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="party_does_not_end_before_it_begins"
            ),
            models.UniqueConstraint(fields=["loan", "person", "role", "since"], name="party_is_kept_once"),
            models.CheckConstraint(
                condition=~Q(role="authorised") | ~Q(authority=""), name="authority_of_third_party_is_named"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}, {self.get_role_display()} of {self.loan_id}"


class Collateral(models.Model):
    """What secures a loan, as it was valued on a day. Append-only; the latest valuation of a reference counts."""

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="collateral")
    reference = models.CharField(max_length=80, help_text="The lender's number of the thing.")
    kind = models.CharField(max_length=40, help_text="Such as car, home or device.")
    description = models.CharField(max_length=300, blank=True, db_default="")
    value_amount = MoneyField()
    valued_on = models.DateField()
    booked_at = booked_at_field()

    class Meta:
        ordering = ["loan_id", "reference", "-valued_on", "-id"]
        verbose_name_plural = "collateral"
        constraints = [
            models.CheckConstraint(condition=is_money("value_amount"), name="collateral_value_is_not_negative")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}"


class AttributeDefinition(models.Model):
    """What one of the lender's own columns is: its type, and where it comes from."""

    class Entity(models.TextChoices):
        BORROWER = "borrower", "borrower"
        LOAN = "loan", "loan"

    class Type(models.TextChoices):
        TEXT = "text", "text"
        INTEGER = "integer", "whole number"
        NUMBER = "number", "number"
        DATE = "date", "date"
        BOOLEAN = "boolean", "yes or no"

    entity = models.CharField(max_length=8, choices=Entity)
    name = models.CharField(max_length=80)
    type = models.CharField(max_length=8, choices=Type)
    source_column = models.CharField(max_length=200, blank=True, db_default="")
    description = models.CharField(max_length=300, blank=True, db_default="")

    class Meta:
        ordering = ["entity", "name"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "name"], name="attribute_is_defined_once"),
            models.CheckConstraint(condition=Q(entity__in=["borrower", "loan"]), name="attribute_entity_is_known"),
            models.CheckConstraint(
                condition=Q(type__in=["text", "integer", "number", "date", "boolean"]), name="attribute_type_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entity}.{self.name}"
