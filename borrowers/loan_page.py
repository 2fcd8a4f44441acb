"""The page of one loan: its figures on any day, as known on any day, and how they come about."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from borrowers.clock import end_of_day, get_business_date, known_at
from borrowers.derivation.model import Entry, Line
from borrowers.derivation.services import Derivation, derive_delinquency, find_default_days
from borrowers.derivation.words import STANDING, explain, name_of
from borrowers.errors import LoanNotThere
from borrowers.models import Loan


class DayForm(forms.Form):
    """Which day is asked about, and by whose knowledge."""

    as_of = forms.DateField(
        label="Figures of", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    known_on = forms.DateField(
        label="As known at the end of",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="Blank: by all that is known now.",
    )

    def clean_as_of(self) -> date | None:
        day: date | None = self.cleaned_data["as_of"]
        if day and day > get_business_date():
            raise forms.ValidationError(f"Not after the business date, {get_business_date():%d %b %Y}.")
        return day


@dataclass(frozen=True)
class ShownLine:
    """A line with what the page says of it."""

    line: Line
    name: str
    settled: tuple[tuple[Entry, Any], ...]
    state: str  # paid, unpaid, owed, to come
    days: int


@require_safe
def loan(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one loan; about a dozen queries, however long its life was."""
    found = get_object_or_404(
        Loan.objects.visible_to(request.user).select_related("product", "borrower__team"),  # type: ignore[arg-type]
        pk=pk,
    )
    form = DayForm(request.GET)
    valid = form.is_valid()
    business_date = get_business_date()
    as_of = (form.cleaned_data.get("as_of") if valid else None) or business_date
    known_on = form.cleaned_data.get("known_on") if valid else None
    context: dict[str, Any] = {
        "loan": found,
        "form": DayForm(initial={"as_of": as_of, "known_on": known_on}) if valid else form,
        "as_of": as_of,
        "known_on": known_on,
        "business_date": business_date,
        "versions": found.schedule_versions.order_by("-version"),
        "events": found.events.select_related("revoked_by"),
        "parties": found.parties.select_related("person"),
        "collateral": found.collateral.all(),
    }
    known = _instant(as_of, known_on, business_date)
    try:
        derivation = derive_delinquency(loan=found, as_of=as_of, known_at=known)
    except LoanNotThere as absent:
        context["absent"] = absent.detail
    else:
        context |= _describe(derivation) | {
            "then": _as_known_then(derivation, known_on, business_date),
            "default_days": find_default_days(loan=found, as_of=as_of, known_at=known),
        }
    return render(request, "borrowers/loan.html", context)


def _instant(as_of: date, known_on: date | None, business_date: date) -> datetime:
    if known_on and known_on < business_date:
        return end_of_day(known_on)
    return known_at(as_of=business_date)


def _as_known_then(derivation: Derivation, known_on: date | None, business_date: date) -> dict[str, Any] | None:
    """Return the figure of a past day as that day's report gave it, where today's knowledge gives another."""
    if known_on or derivation.as_of >= business_date:
        return None
    try:
        then = derive_delinquency(loan=derivation.loan, as_of=derivation.as_of, known_at=end_of_day(derivation.as_of))
    except LoanNotThere:
        return {"days_past_due": None}
    names = ("days_past_due", "overdue_amount", "outstanding_amount")
    if all(then.figures[name] == derivation.figures[name] for name in names):
        return None
    return {name: then.figures[name] for name in names}


def _describe(derivation: Derivation) -> dict[str, Any]:
    payments = {entry.id: entry for entry in derivation.entries}
    lines = [_show(line, derivation, payments) for line in derivation.lines]
    due = [line for line in lines if line.line.due_on <= derivation.as_of]
    return {
        "derivation": derivation,
        "figures": derivation.figures,
        "steps": explain(derivation),
        "open_lines": [line for line in due if line.state in ("unpaid", "to come")],
        "owed_lines": (owed := [line for line in due if line.state == "owed"]),
        "owed_amount": sum(line.line.remainder_amount for line in owed),
        "settled_lines": [line for line in due if line.state == "paid"],
        "coming": [line for line in lines if line.line.due_on > derivation.as_of],
        "entries": [(entry, STANDING[entry.standing]) for entry in derivation.entries],
    }


def _show(line: Line, derivation: Derivation, payments: dict[int, Entry]) -> ShownLine:
    unpaid = line.is_unpaid(derivation.rules)
    is_past = line.due_on < derivation.as_of
    if unpaid:
        state = "unpaid" if is_past else "to come"
    else:
        state = "owed" if line.is_owed(derivation.rules) else "paid"
    return ShownLine(
        line=line,
        name=name_of(line),
        settled=tuple((payments[share.payment_id], share.amount) for share in line.settled_by),
        state=state,
        days=(derivation.as_of - line.due_on).days if unpaid and is_past else 0,
    )
