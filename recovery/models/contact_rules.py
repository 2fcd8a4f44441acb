"""What may be done about contacts where: jurisdictions, rules by profile, limitation periods. Versions that are approved stay."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q


def every_day() -> list[int]:
    return [1, 2, 3, 4, 5, 6, 7]


class Profile(models.TextChoices):
    FIRST_PARTY = "first_party", "first party: a lender collects its own debts"
    THIRD_PARTY = "third_party", "third party: a collector works for others"


class Jurisdiction(models.Model):
    """A country, a state of one, or a union; what has no rules of its own takes those of its parent."""

    code = models.CharField(max_length=8, primary_key=True, help_text="ISO 3166, such as US-NY.")
    name = models.CharField(max_length=80)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="parts")
    time_zones = ArrayField(
        models.CharField(max_length=40),
        default=list,
        blank=True,
        help_text="All IANA zones of it, by comma: where a borrower's is unknown, only times allowed in all of them.",
    )

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class RuleVersion(models.Model):
    """A version that is drafted by one person and approved by another; once approved it is never changed."""

    class Basis(models.TextChoices):
        LAW = "law", "law"
        POLICY = "policy", "policy, not law"

    version = models.PositiveSmallIntegerField()
    effective_from = models.DateField(help_text="The first day on which it counts, once approved.")
    basis = models.CharField(max_length=6, choices=Basis, default=Basis.POLICY)
    source = models.CharField(max_length=300, help_text="Where it is written, or who decided it.")
    is_shipped = models.BooleanField(default=False, editable=False, help_text="Came with the product.")
    drafted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    drafted_at = models.DateTimeField(auto_now_add=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    approved_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(condition=Q(basis__in=["law", "policy"]), name="%(class)s_basis_is_known"),
            models.CheckConstraint(
                condition=Q(approved_at__isnull=True, approved_by__isnull=True)
                | Q(approved_at__isnull=False, is_shipped=True, approved_by__isnull=True, drafted_by__isnull=True)
                | (
                    Q(approved_at__isnull=False, approved_by__isnull=False, drafted_by__isnull=False)
                    & ~Q(approved_by=F("drafted_by"))
                ),
                name="%(class)s_is_approved_by_a_second_person",
            ),
        ]

    @property
    def is_approved(self) -> bool:
        return self.approved_at is not None


class ContactRule(RuleVersion):
    """When and how often a person may be contacted about a debt, in a jurisdiction, by a kind of collector.

    A limit that is empty does not exist. Days of a window are calendar days in the borrower's zone.
    """

    jurisdiction = models.ForeignKey(Jurisdiction, on_delete=models.PROTECT, related_name="contact_rules")
    profile = models.CharField(max_length=11, choices=Profile)
    opens_at = models.TimeField(null=True, blank=True, help_text="No contact before this local time.")
    closes_at = models.TimeField(null=True, blank=True, help_text="No contact from this local time on.")
    weekdays = ArrayField(
        models.PositiveSmallIntegerField(), default=every_day, help_text="Days of contact, 1 is Monday, by comma."
    )
    call_limit = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Call attempts per person and debt in the window."
    )
    call_days = models.PositiveSmallIntegerField(default=7, help_text="Consecutive days of the window.")
    texts_count_as_calls = models.BooleanField(default=False)
    conversation_wait_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="No call within so many days of a conversation, its own day being the first."
    )
    consent_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Calls within so many days of the person's consent to them are not counted."
    )
    sms_limit = models.PositiveSmallIntegerField(null=True, blank=True)
    sms_days = models.PositiveSmallIntegerField(default=7)
    email_limit = models.PositiveSmallIntegerField(null=True, blank=True)
    email_days = models.PositiveSmallIntegerField(default=7)
    visit_limit = models.PositiveSmallIntegerField(null=True, blank=True)
    visit_days = models.PositiveSmallIntegerField(default=7)
    validation_notice_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Days after the first communication by which the notice must be sent."
    )
    dispute_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Days after the notice within which a dispute stops collection until verified."
    )
    breathing_space_days = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta(RuleVersion.Meta):
        ordering = ["jurisdiction_id", "profile", "-version"]
        constraints = [
            *RuleVersion.Meta.constraints,
            models.UniqueConstraint(
                fields=["jurisdiction", "profile", "version"], name="contact_rule_versions_are_numbered"
            ),
            models.CheckConstraint(
                condition=Q(profile__in=["first_party", "third_party"]), name="contact_rule_profile_is_known"
            ),
            models.CheckConstraint(
                condition=Q(opens_at__isnull=True) | Q(closes_at__isnull=True) | Q(opens_at__lt=F("closes_at")),
                name="contact_hours_open_before_they_close",
            ),
            models.CheckConstraint(
                condition=Q(call_days__gte=1, sms_days__gte=1, email_days__gte=1, visit_days__gte=1),
                name="contact_windows_have_days",
            ),
            models.CheckConstraint(
                condition=Q(weekdays__contained_by=[1, 2, 3, 4, 5, 6, 7], weekdays__len__gte=1),
                name="contact_weekdays_are_one_to_seven",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.jurisdiction_id} {self.get_profile_display().partition(':')[0]}, version {self.version}"


class LimitationPeriod(RuleVersion):
    """After how long a debt is time-barred: no legal action any more, and no threat of it."""

    class Debt(models.TextChoices):
        ANY = "any", "any debt"
        INSTALMENT = "instalment", "instalment loan"
        REVOLVING = "revolving", "revolving account"

    jurisdiction = models.ForeignKey(Jurisdiction, on_delete=models.PROTECT, related_name="limitation_periods")
    debt = models.CharField(max_length=10, choices=Debt, default=Debt.ANY)
    months = models.PositiveSmallIntegerField(help_text="From the oldest unpaid instalment's due day.")
    payment_restarts = models.BooleanField(
        default=True, help_text="Whether a payment starts the period anew, or may revive a debt that is barred."
    )

    class Meta(RuleVersion.Meta):
        ordering = ["jurisdiction_id", "debt", "-version"]
        constraints = [
            *RuleVersion.Meta.constraints,
            models.UniqueConstraint(
                fields=["jurisdiction", "debt", "version"], name="limitation_period_versions_are_numbered"
            ),
            models.CheckConstraint(
                condition=Q(debt__in=["any", "instalment", "revolving"]), name="limitation_period_debt_is_known"
            ),
            models.CheckConstraint(condition=Q(months__gte=1), name="limitation_period_has_months"),
        ]

    def __str__(self) -> str:
        return f"{self.jurisdiction_id} {self.get_debt_display()}, version {self.version}: {self.months} months"


class ContactProfile(models.Model):
    """Which rules the lender works under. Append-only: the newest choice counts."""

    profile = models.CharField(max_length=11, choices=Profile)
    reason = models.CharField(max_length=300)
    chosen_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True)
    chosen_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(profile__in=["first_party", "third_party"]), name="contact_profile_is_known"
            )
        ]

    def __str__(self) -> str:
        return self.get_profile_display()
