"""Payments: entered and reversed, never changed."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from borrowers.models import Payment
from borrowers.services import get_business_date, record_payment, reverse_payment
from creditpath.admin_lists import LargeTableAdmin, ask_before
from creditpath.errors import DomainError

MAX_REVERSALS = 50


class ReversalForm(forms.Form):
    """The day from which a reversal counts."""

    effective_on = forms.DateField(help_text="The day from which it counts; not after the business date.")


@admin.register(Payment)
class PaymentAdmin(LargeTableAdmin):
    """Entered and reversed through the services, so that both clocks are set and the loan's figures and score follow."""

    list_display = (
        "id",
        "loan",
        "amount",
        "effective_on",
        "booked_at",
        "channel",
        "reverses",
        "is_reversed",
        "recorded_by",
    )
    list_filter = ("channel", ("reverses", admin.EmptyFieldListFilter))
    list_select_related = ("loan", "reverses", "reversed_by", "recorded_by")
    search_fields = ("external_id__startswith", "loan__external_id__startswith")
    ordering = ("-id",)
    fields = ("loan", "amount", "effective_on", "channel", "external_id", "booked_at", "reverses", "recorded_by")
    autocomplete_fields = ("loan",)
    actions = ("reverse",)

    @admin.display(description="reversed", boolean=True)
    def is_reversed(self, payment: Payment) -> bool:
        return hasattr(payment, "reversed_by")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if obj else ("loan", "amount", "effective_on", "channel", "external_id")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {
            "effective_on": get_business_date(),
            "channel": Payment.Channel.TRANSFER,
        } | super().get_changeform_initial_data(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Payment, form: Any, change: bool) -> None:
        """Enter the payment; the row that the service wrote takes the place of the form's."""
        entered = record_payment(
            loan=obj.loan,
            amount=obj.amount,
            effective_on=obj.effective_on,
            channel=obj.channel,
            external_id=obj.external_id,
            recorded_by=request.user,  # type: ignore[arg-type]
        )
        obj.__dict__.update(entered.__dict__)

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show what the books refuse on the form, with all that was typed still in it."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except DomainError as refusal:
            messages.error(request, refusal.detail)
            typed = {name: request.POST[name] for name in self.get_fields(request) if request.POST.get(name)}
            return HttpResponseRedirect(f"{request.path}?{urlencode(typed)}")

    @admin.action(description="Reverse the selected payments…", permissions=["add"])
    def reverse(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        """Ask for the day, then enter one reversal per payment: all of them or, if one is refused, none."""
        if queryset.count() > MAX_REVERSALS:
            messages.error(request, f"At most {MAX_REVERSALS} payments are reversed at a time.")
            return None
        form = ReversalForm(
            request.POST if "confirmed" in request.POST else None, initial={"effective_on": get_business_date()}
        )
        if form.is_valid():
            try:
                self._reverse_all(request, queryset, form.cleaned_data["effective_on"])
            except DomainError as refusal:
                messages.error(request, refusal.detail)
            return None
        return ask_before(
            self, request, queryset, form=form, title="Reverse payments", button="Reverse",
            explanation="Each payment gets an entry of the negated amount. Both stay in the ledger, and the loan's days past "
            "due and score follow.",
        )  # fmt: skip

    @transaction.atomic
    def _reverse_all(self, request: HttpRequest, queryset: QuerySet, effective_on: Any) -> None:
        payments = list(queryset.select_related(None))
        for payment in payments:
            reverse_payment(payment=payment, effective_on=effective_on, recorded_by=request.user)  # type: ignore[arg-type]
        messages.success(request, f"{len(payments)} reversed.")
