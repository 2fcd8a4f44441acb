"""What people type about plans."""

from decimal import Decimal
from typing import Any

from django import forms

from borrowers.models import Loan
from recovery.forms import DayInput, FormOnce, offer_loans
from recovery.models import Plan
from recovery.plans.budget import LINES, Budget, BudgetLine


def _amount_field(label: str) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, required=False, min_value=Decimal(0), max_digits=14, decimal_places=2,
        error_messages={"invalid": "Enter an amount such as 1250.00."},
        widget=forms.NumberInput(attrs={"step": "0.01", "min": "0", "inputmode": "decimal"}),
    )  # fmt: skip


class PlanForm(FormOnce):
    """The income-and-expenditure check, and which of the plans that it leaves is made."""

    loan = forms.TypedChoiceField(label="Loan", error_messages={"required": "Choose the loan."})
    frequency = forms.ChoiceField(label="They pay", choices=Plan.Frequency.choices, initial=Plan.Frequency.MONTHLY)
    first_on = forms.DateField(
        label="First payment on", widget=DayInput(), error_messages={"required": "Choose the day of the first payment."}
    )
    offer = forms.CharField(required=False, max_length=20)
    own_kind = forms.ChoiceField(label="What", required=False, choices=Plan.Kind.choices)
    own_n = forms.IntegerField(label="Payments", required=False, min_value=1, max_value=260)
    own_amount = _amount_field("To settle for")
    reason = forms.CharField(
        label="Why, if it is above your limit",
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )

    is_offer = forms.BooleanField(label="Only offer it: they choose on their own page", required=False)

    def __init__(self, *args: Any, loans: list[Loan], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_loans(self, loans)
        for name, _, label in LINES:
            self.fields[name] = _amount_field(label)

    @property
    def terms_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in ("loan", "frequency", "first_on")]

    @property
    def budget_fields(self) -> list[forms.BoundField]:
        return [self[name] for name, _, _ in LINES]

    @property
    def own_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in ("own_kind", "own_n", "own_amount")]

    def budget(self) -> Budget:
        """Return the lines that were filled in; none at all means that nothing was asked."""
        values = self.cleaned_data
        return tuple(
            BudgetLine(kind, label, values[name]) for name, kind, label in LINES if values.get(name) is not None
        )

    def wanted(self) -> tuple[str, int] | None:
        """Return kind and number of instalments of what was chosen, None where nothing was."""
        values = self.cleaned_data
        if values["offer"] == "own":
            return (values["own_kind"], values["own_n"]) if values["own_kind"] and values["own_n"] else None
        kind, _, n = values["offer"].partition(":")
        return (kind, int(n)) if kind in Plan.Kind.values and n.isdecimal() and 0 < int(n) <= 600 else None
