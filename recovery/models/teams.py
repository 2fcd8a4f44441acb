"""When agents work, when they are away, and whose cases go to whom: all of it append-only."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from borrowers.models import Borrower
from borrowers.models.fields import booked_at_field
from recovery.models.outreach import CallBack
from recovery.models.worklists import WorklistItem

PERSON = settings.AUTH_USER_MODEL
DAY_MINUTES = 24 * 60


class Shift(models.Model):
    """The minutes for which an agent has work on one day of the week, from a day on; the newest row counts."""

    class Weekday(models.IntegerChoices):
        MONDAY = 1, "Monday"
        TUESDAY = 2, "Tuesday"
        WEDNESDAY = 3, "Wednesday"
        THURSDAY = 4, "Thursday"
        FRIDAY = 5, "Friday"
        SATURDAY = 6, "Saturday"
        SUNDAY = 7, "Sunday"

    agent = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="shifts")
    weekday = models.PositiveSmallIntegerField(choices=Weekday)
    minutes = models.PositiveSmallIntegerField(help_text="Of work on cases, without breaks; 0 is a day off.")
    starts_on = models.DateField(help_text="From this day on.")
    set_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    booked_at = booked_at_field()

    class Meta:
        ordering = ["agent", "weekday", "-starts_on", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(weekday__gte=1, weekday__lte=7), name="shift_is_of_a_day_of_the_week"),
            models.CheckConstraint(condition=Q(minutes__lte=DAY_MINUTES), name="shift_fits_in_a_day"),
        ]
        indexes = [models.Index(fields=["agent", "weekday", "-starts_on", "-id"], name="shift_newest_idx")]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()}, {self.minutes} minutes"


class Absence(models.Model):
    """Days on which an agent gets no cases. Why somebody is away is their own affair and is not kept."""

    agent = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="absences")
    first_on = models.DateField()
    last_on = models.DateField()
    recorded_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    booked_at = booked_at_field()

    class Meta:
        ordering = ["-first_on", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(last_on__gte=F("first_on")), name="absence_ends_after_it_begins"),
        ]
        indexes = [models.Index(fields=["agent", "last_on"], name="absence_agent_idx")]

    def __str__(self) -> str:
        return f"{self.first_on} to {self.last_on}"


class AbsenceEnd(models.Model):
    """That an absence was called off, or ended early: on this day the agent works again."""

    absence = models.OneToOneField(Absence, on_delete=models.PROTECT, related_name="end")
    works_from = models.DateField(help_text="The first day on which they work again; the first day of it calls it off.")
    ended_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    booked_at = booked_at_field()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"back on {self.works_from}"


class HandOver(models.Model):
    """That a manager gave an agent's cases to others, why, and until when; without a last day it is for good."""

    from_agent = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="handed_over")
    to_agent = models.ForeignKey(
        PERSON, on_delete=models.PROTECT, null=True, blank=True, related_name="taken_over",
        help_text="Empty: spread over the team.",
    )  # fmt: skip
    from_on = models.DateField(help_text="The business date of the hand-over.")
    until_on = models.DateField(null=True, blank=True, help_text="The last day; empty is for good.")
    reason = models.CharField(max_length=500)
    handed_over_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    form_key = models.CharField(max_length=80, unique=True, null=True, blank=True, editable=False)
    booked_at = booked_at_field()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(to_agent__isnull=True) | ~Q(to_agent=F("from_agent")), name="hand_over_is_to_somebody_else"
            ),
            models.CheckConstraint(
                condition=Q(until_on__isnull=True) | Q(until_on__gte=F("from_on")),
                name="hand_over_ends_after_it_begins",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="hand_over_says_why"),
        ]

    def __str__(self) -> str:
        return f"hand-over {self.pk}"


class HandedCase(models.Model):
    """One borrower of a hand-over: who looks after them now. The newest that is in force on a day counts."""

    hand_over = models.ForeignKey(HandOver, on_delete=models.PROTECT, related_name="cases")
    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="handed_cases")
    agent = models.ForeignKey(
        PERSON, on_delete=models.PROTECT, related_name="handed_cases", help_text="Who has it now."
    )
    worklist_item = models.ForeignKey(
        WorklistItem, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        help_text="The line of the day's list that moved.",
    )  # fmt: skip

    class Meta:
        ordering = ["hand_over", "id"]
        constraints = [
            models.UniqueConstraint(fields=["hand_over", "borrower"], name="hand_over_has_a_borrower_once"),
        ]
        indexes = [models.Index(fields=["borrower", "-id"], name="handed_case_borrower_idx")]

    def __str__(self) -> str:
        return f"{self.borrower_id} to {self.agent_id}"


class CallBackOffer(models.Model):
    """That a call-back was shown to an agent as the next case, so that it does not come again at once."""

    call_back = models.ForeignKey(CallBack, on_delete=models.PROTECT, related_name="offers")
    agent = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    offered_at = booked_at_field()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["call_back", "-offered_at"], name="call_back_offer_idx")]

    def __str__(self) -> str:
        return f"{self.call_back_id} to {self.agent_id}"
