"""Shifts, absences and hand-overs in the admin, where nothing is changed: each is a row that a page wrote."""

from django.contrib import admin

from creditpath.admin_lists import ReadOnlyAdmin
from recovery.models import Absence, AbsenceEnd, CallBackOffer, HandedCase, HandOver, Shift


@admin.register(Shift)
class ShiftAdmin(ReadOnlyAdmin):
    list_display = ("agent", "weekday", "minutes", "starts_on", "set_by", "booked_at")
    list_filter = ("weekday",)
    list_select_related = ("agent", "set_by")
    search_fields = ("agent__username__startswith",)


@admin.register(Absence)
class AbsenceAdmin(ReadOnlyAdmin):
    list_display = ("agent", "first_on", "last_on", "recorded_by", "booked_at")
    list_select_related = ("agent", "recorded_by")
    search_fields = ("agent__username__startswith",)


@admin.register(AbsenceEnd)
class AbsenceEndAdmin(ReadOnlyAdmin):
    list_display = ("absence", "works_from", "ended_by", "booked_at")
    list_select_related = ("absence", "ended_by")


@admin.register(HandOver)
class HandOverAdmin(ReadOnlyAdmin):
    list_display = ("from_agent", "to_agent", "from_on", "until_on", "reason", "handed_over_by", "booked_at")
    list_select_related = ("from_agent", "to_agent", "handed_over_by")
    search_fields = ("from_agent__username__startswith",)


@admin.register(HandedCase)
class HandedCaseAdmin(ReadOnlyAdmin):
    list_display = ("hand_over", "borrower", "agent", "worklist_item")
    list_select_related = ("hand_over", "borrower", "agent", "worklist_item__agent")
    search_fields = ("borrower__external_id__startswith",)


@admin.register(CallBackOffer)
class CallBackOfferAdmin(ReadOnlyAdmin):
    list_display = ("call_back", "agent", "offered_at")
    list_select_related = ("call_back", "agent")
