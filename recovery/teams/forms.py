"""What managers type about their teams."""

from collections.abc import Sequence
from typing import Any

from django import forms

from creditpath.accounts.models import User
from recovery.forms import DayInput, FormOnce
from recovery.models import Shift
from recovery.models.teams import DAY_MINUTES


class WeekForm(FormOnce):
    """The minutes of each day of a week, from a day on."""

    starts_on = forms.DateField(label="From", widget=DayInput())

    def __init__(self, *args: Any, week: dict[int, int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for weekday, label in Shift.Weekday.choices:
            self.fields[f"day_{weekday}"] = forms.IntegerField(
                label=label, min_value=0, max_value=DAY_MINUTES, initial=week[weekday],
                error_messages={"invalid": "Enter minutes such as 420."},
            )  # fmt: skip

    def minutes(self) -> dict[int, int]:
        return {weekday: self.cleaned_data[f"day_{weekday}"] for weekday in Shift.Weekday.values}


class AbsenceForm(FormOnce):
    """Days on which somebody is away."""

    first_on = forms.DateField(label="First day away", widget=DayInput())
    last_on = forms.DateField(label="Last day away", widget=DayInput())


class HandOverForm(FormOnce):
    """To whom an agent's cases go, until when, and why."""

    to_agent = forms.ModelChoiceField(
        User.objects.none(), label="To", required=False, empty_label="spread over the team"
    )
    until_on = forms.DateField(label="Until", required=False, widget=DayInput())
    reason = forms.CharField(
        label="Why",
        max_length=500,
        widget=forms.TextInput(attrs={"dir": "auto"}),
        error_messages={"required": "Say why."},
    )

    def __init__(self, *args: Any, takers: Sequence[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["to_agent"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = User.objects.filter(pk__in=[one.pk for one in takers]).order_by("username")
        field.label_from_instance = lambda person: person.get_full_name() or person.username  # type: ignore[method-assign,assignment]
