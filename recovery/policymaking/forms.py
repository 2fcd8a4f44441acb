"""What people type about policies. The rules are in recovery.policy.validating and in the verbs."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django import forms

from borrowers.models import Product
from creditpath.forms import PageForm
from recovery.models import Action, PolicyRule
from recovery.policy.actions import CHANNELS, TONES, WITHOUT_CONTACT
from recovery.policy.validating import BUCKETS
from recovery.policy.words import TIERS

CONTACTS = [(value, label) for value, label in Action.choices if value not in WITHOUT_CONTACT]
ANY = ("", "either way")


def _whole(label: str, hint: str = "") -> forms.IntegerField:
    return forms.IntegerField(
        label=label, required=False, min_value=0, max_value=32_000, help_text=hint,
        error_messages={"invalid": "Enter a whole number, or leave it empty."},
    )  # fmt: skip


def _money(label: str) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, required=False, min_value=0, max_digits=14, decimal_places=2,
        error_messages={"invalid": "Enter an amount such as 1250.00, or leave it empty."},
        widget=forms.NumberInput(attrs={"step": "0.01", "min": "0", "inputmode": "decimal"}),
    )  # fmt: skip


def _either(label: str, yes: str, no: str) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label, required=False, choices=[ANY, ("yes", yes), ("no", no)], empty_value=None,
        coerce=lambda value: {"yes": True, "no": False}[value],
    )  # fmt: skip


def _several(label: str, choices: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(label=label, required=False, choices=choices, widget=forms.CheckboxSelectMultiple)


class RuleForm(PageForm):
    """One line of a draft: when, what, how, and what then."""

    min_days_past_due = _whole("At least days past due")
    max_days_past_due = _whole("At most days past due")
    min_instalments_past_due = _whole("At least instalments past due")
    max_instalments_past_due = _whole("At most instalments past due")
    buckets = _several("Bucket", [(bucket, bucket.replace("-", "–")) for bucket in BUCKETS])
    tiers = _several("Risk", list(TIERS.items()))
    products = _several("Product", [])
    min_overdue_amount = _money("Overdue from")
    overdue_below_amount = _money("Overdue below")
    min_outstanding_amount = _money("Owed in all from")
    outstanding_below_amount = _money("Owed in all below")
    min_attempts = _whole("At least attempts in 30 days")
    max_attempts = _whole("At most attempts in 30 days")
    min_days_since_contact = _whole("At least days since the last contact")
    has_open_promise = _either("Open promise", "there is one", "there is none")
    has_broken_promise = _either("Broken promise", "there is one", "there is none")
    has_hold = _either("Hold", "one stands", "none stands")
    is_vulnerable = _either("Vulnerable or in hardship", "yes", "not known to be")
    is_time_barred = _either("Time-barred", "yes", "no")
    action = forms.ChoiceField(
        label="What to do", choices=[("", "Choose…"), *Action.choices],
        error_messages={"required": "Choose what is to be done."},
    )  # fmt: skip
    channel = forms.ChoiceField(
        label="How", required=False,
        choices=[("", "as is usual for it"), *((key, name) for key, name in CHANNELS.items() if key != "inbound")],
    )  # fmt: skip
    tone = forms.ChoiceField(label="Tone", required=False, choices=[("", "no matter"), *TONES.items()])
    deadline_days = _whole("Within days", "0 means today")
    expected_minutes = forms.DecimalField(
        label="Minutes it takes", min_value=0, max_value=9999, max_digits=5, decimal_places=1, initial=Decimal(5),
        error_messages={"required": "Enter the minutes that one case takes."},
    )  # fmt: skip
    settlement_limit_ratio = forms.DecimalField(
        label="Let go at most", required=False, min_value=0, max_value=1, max_digits=4, decimal_places=3,
        help_text="Of a settlement: 0.3 is 30 %",
        widget=forms.NumberInput(attrs={"step": "0.01", "min": "0", "max": "1", "inputmode": "decimal"}),
    )  # fmt: skip
    alternatives = _several("May also be tried by lot", CONTACTS)
    escalate_to = forms.ChoiceField(label="Then", required=False, choices=[("", "nothing else"), *Action.choices])
    escalate_after_attempts = _whole("After attempts in vain")
    escalate_after_days = _whole("Or after days of trying")
    reason = forms.CharField(
        label="Why, in a sentence for the agent", max_length=200,
        error_messages={"required": "Say in a sentence why: agents read it first."},
    )  # fmt: skip
    position = _whole("Place among the lines", "Empty: where it stands, a new one last")

    PARTS = (
        (
            "When",
            (
                "min_days_past_due", "max_days_past_due", "min_overdue_amount", "overdue_below_amount", "min_outstanding_amount",
                "outstanding_below_amount", "min_instalments_past_due", "max_instalments_past_due", "min_attempts",
                "max_attempts", "min_days_since_contact", "has_open_promise", "has_broken_promise", "has_hold",
                "is_vulnerable", "is_time_barred", "tiers", "buckets", "products",
            ),
        ),
        (
            "What to do",
            (
                "action", "channel", "tone", "deadline_days", "expected_minutes", "settlement_limit_ratio", "alternatives",
                "reason",
            ),
        ),
        ("If that does not help", ("escalate_after_attempts", "escalate_after_days", "escalate_to")),
        ("Order", ("position",)),
    )  # fmt: skip

    def __init__(self, *args: Any, rule: PolicyRule | None = None, **kwargs: Any) -> None:
        if rule is not None:
            kwargs["initial"] = _initial(rule)
        super().__init__(*args, **kwargs)
        products = list(Product.objects.order_by("code").values_list("code", "name"))
        known = {code for code, _ in products}
        gone = [code for code in (rule.products if rule else []) if code not in known]
        field = self.fields["products"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [*products, *((code, f"{code} (no longer lent)") for code in gone)]

    def parts(self) -> Iterator[tuple[str, list[forms.BoundField]]]:
        """Yield the headings of the page with their fields."""
        for title, names in self.PARTS:
            yield title, [self[name] for name in names]


def _initial(rule: PolicyRule) -> dict[str, Any]:
    values = {field.name: getattr(rule, field.name) for field in PolicyRule._meta.fields}
    del values["position"]
    return {
        name: {True: "yes", False: "no"}[value] if isinstance(value, bool) else value for name, value in values.items()
    }


class PolicyForm(PageForm):
    """What holds for all lines of a draft."""

    title = forms.CharField(label="Title", max_length=120)
    currency = forms.RegexField(
        "^[A-Za-z]{3}$", label="Currency of amounts", required=False, max_length=3,
        error_messages={"invalid": "Enter three letters such as USD, or leave it empty."},
    )  # fmt: skip
    exploration_percent = forms.DecimalField(
        label="Per cent drawn by lot", min_value=0, max_value=50, max_digits=4, decimal_places=1,
        help_text="0 to 50; without any, effects cannot be learned",
    )  # fmt: skip


class DraftForm(PageForm):
    """A new version."""

    title = forms.CharField(label="What is the new version for?", max_length=120)


class ReplayForm(PageForm):
    """On which days a draft is tried."""

    days = forms.IntegerField(label="Days back", min_value=1, max_value=366, initial=60)
    every_days = forms.IntegerField(
        label="Every so many days", min_value=1, max_value=31, initial=1, help_text="7: one day a week"
    )


class SubmitForm(PageForm):
    waiver = forms.CharField(
        label="Why without trying it on past days", required=False, max_length=500,
        help_text="Only where it was not tried as it stands",
    )  # fmt: skip


class ReasonForm(PageForm):
    reason = forms.CharField(label="Why", max_length=500, error_messages={"required": "Say why."})


class ApproveForm(PageForm):
    effective_from = forms.DateField(
        label="Counts from", widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": "Enter a day such as 2026-07-01.", "required": "Enter the first day."},
    )  # fmt: skip
