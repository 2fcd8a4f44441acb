"""What people type: the follow-up, a payment, the filters of the worklist. The rules are in the services."""

import uuid
from typing import Any

from django import forms

from borrowers.models import Bucket, ContactEvent, Loan, Payment
from borrowers.querysets import OWING_BUCKETS, SETTLED_BUCKETS
from creditpath.accounts.models import Role, User
from creditpath.forms import PageForm
from recovery.models import Action
from scoring.models import Tier

ARREARS = [(value, label) for value, label in Bucket.choices if value in OWING_BUCKETS]


class DayInput(forms.DateInput):
    """The browser's own calendar, which wants days as 2026-06-30 whatever the language."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class TimeInput(forms.TimeInput):
    """The browser's own clock, in hours and minutes."""

    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


MINUTES: dict[str, Any] = {
    "min_value": 0, "max_value": 600, "max_digits": 6, "decimal_places": 2,
    "error_messages": {"invalid": "Enter minutes such as 4.5."},
}  # fmt: skip


class FormOnce(PageForm):
    """A form with a key made when it is opened, so that sending it twice does it once."""

    key = forms.CharField(widget=forms.HiddenInput, max_length=40)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"key": uuid.uuid4().hex} | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)


def offer_loans(form: forms.Form, loans: list[Loan], *, empty: str = "") -> None:
    """Let one of the loans be chosen; they are at hand, so the form asks the database for nothing."""
    field = form.fields["loan"]
    assert isinstance(field, forms.TypedChoiceField)
    by_id = {str(loan.pk): loan for loan in loans}
    field.choices = [
        *([("", empty)] if empty else []),
        *((key, _label(loan)) for key, loan in by_id.items()),
    ]
    field.coerce = lambda key: by_id[str(key)]


def _label(loan: Loan) -> str:
    """Return what tells a loan from the borrower's others: its number, its state, what is overdue."""
    figures = getattr(loan, "delinquency", None)
    if figures is None:
        return f"{loan} ({loan.currency})"
    if figures.overdue_amount and figures.bucket not in SETTLED_BUCKETS:
        return f"{loan}, {loan.currency} {figures.overdue_amount:,} overdue"
    return f"{loan} ({loan.currency}), {figures.get_bucket_display()}"


class FollowUpForm(FormOnce):
    """What happened with the borrower, and what comes next."""

    channel = forms.ChoiceField(
        label="How", choices=ContactEvent.Channel.choices, widget=forms.RadioSelect,
        error_messages={"required": "Choose how the borrower was contacted."},
    )  # fmt: skip
    outcome = forms.ChoiceField(
        label="What came of it", choices=ContactEvent.Outcome.choices, widget=forms.RadioSelect,
        error_messages={"required": "Choose what came of it."},
    )  # fmt: skip
    promise_amount = forms.DecimalField(
        label="Amount promised", required=False, max_digits=14, decimal_places=2,
        error_messages={"invalid": "Enter an amount such as 1250.00."},
        widget=forms.NumberInput(attrs={"step": "0.01", "min": "0.01", "inputmode": "decimal"}),
    )  # fmt: skip
    promise_due_on = forms.DateField(
        label="By", required=False, widget=DayInput(),
        error_messages={"invalid": "Enter a day such as 2026-07-05."},
    )  # fmt: skip
    loan = forms.TypedChoiceField(label="On loan", required=False, empty_value=None)
    spoke_with_other = forms.BooleanField(label="It was somebody else, not the borrower", required=False)
    note = forms.CharField(
        label="Note", required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"})
    )
    follow_up_on = forms.DateField(
        label="Next step on", required=False, widget=DayInput(),
        error_messages={"invalid": "Enter a day such as 2026-07-05."},
    )  # fmt: skip

    call_back_time = forms.TimeField(
        label="Call back at, their time", required=False, widget=TimeInput(),
        error_messages={"invalid": "Enter a time such as 14:30."},
    )  # fmt: skip
    talk_minutes = forms.DecimalField(label="Minutes of talk", required=False, **MINUTES)
    wrap_up_minutes = forms.DecimalField(label="Minutes after it", required=False, **MINUTES)

    def __init__(self, *args: Any, loans: list[Loan], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_loans(self, loans, empty="the one longest overdue")


class AnswerForm(FormOnce):
    """Something else than what is recommended, and why."""

    action = forms.ChoiceField(label="Do instead", error_messages={"required": "Choose what to do instead."})
    reason = forms.CharField(
        label="Why", max_length=500, widget=forms.TextInput(attrs={"dir": "auto"}),
        error_messages={"required": "Say why, in a few words: it is read when the policy is next changed."},
    )  # fmt: skip

    def __init__(self, *args: Any, recommended: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["action"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "Choose…"), *((value, label) for value, label in Action.choices if value != recommended)]

    def answered(self) -> dict[str, Any]:
        values = dict(self.cleaned_data)
        values["form_key"] = values.pop("key")
        return values


class PaymentForm(FormOnce):
    """Money that came in."""

    loan = forms.TypedChoiceField(label="Loan")
    amount = forms.DecimalField(
        label="Amount", max_digits=14, decimal_places=2, min_value=0,
        error_messages={"invalid": "Enter an amount such as 1250.00.", "required": "Enter the amount."},
        widget=forms.NumberInput(attrs={"step": "0.01", "min": "0.01", "inputmode": "decimal"}),
    )  # fmt: skip
    effective_on = forms.DateField(
        label="Counts from", widget=DayInput(),
        error_messages={"invalid": "Enter a day such as 2026-06-30.", "required": "Enter the day."},
    )  # fmt: skip
    channel = forms.ChoiceField(label="By", choices=Payment.Channel.choices)

    def __init__(self, *args: Any, loans: list[Loan], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_loans(self, loans)


class WorklistFilter(forms.Form):
    """What the address of the worklist asks for; what makes no sense asks for nothing and is said."""

    q = forms.CharField(
        label="Search", required=False, max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Name or number", "data-key-focus": "/"}),
    )  # fmt: skip
    bucket = forms.ChoiceField(label="Days past due", required=False, choices=[("", "Any"), *ARREARS])
    action = forms.ChoiceField(label="Action", required=False)
    tier = forms.ChoiceField(label="Risk", required=False, choices=[("", "Any"), *Tier.choices, ("none", "not scored")])
    agent = forms.ModelChoiceField(User.objects.none(), label="Agent", required=False, empty_label="Everybody")
    queue = forms.ChoiceField(
        required=False, widget=forms.HiddenInput,
        choices=[("", ""), ("broken", ""), ("due", ""), ("left", ""), ("review", ""), ("done", "")],
    )  # fmt: skip

    def __init__(self, data: Any, *, user: User) -> None:
        super().__init__(data, label_suffix="")
        choice = self.fields["action"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [
            ("", "Any"),
            *((value, label) for value, label in Action.choices if value != Action.NO_ACTION),
        ]
        if user.role == Role.AGENT:
            del self.fields["agent"]
        else:
            people = self.fields["agent"]
            assert isinstance(people, forms.ModelChoiceField)
            people.queryset = User.objects.filter(role=Role.AGENT, is_active=True).order_by("username")
