"""The last closed day."""

from django.db import models


class BusinessDate(models.Model):
    """The one row that says which day the books stand at; every page shows it."""

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    day = models.DateField()
    is_frozen = models.BooleanField(default=False, help_text="A demonstration stays on its day.")
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "business date"
        verbose_name_plural = "business date"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="there_is_one_business_date")]

    def __str__(self) -> str:
        return self.day.isoformat()
