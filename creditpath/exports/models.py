"""Who took which rows out of the product."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class ExportRun(models.Model):
    """One file that somebody was given. Append-only."""

    class Form(models.TextChoices):
        CSV = "csv", "CSV"
        EXCEL = "excel", "Excel"
        JSON = "json", "JSON"
        PDF = "pdf", "PDF"

    model = models.CharField(max_length=80, help_text="What the rows are, such as borrowers.loan.")
    form = models.CharField(max_length=5, choices=Form)
    filters = models.TextField(blank=True, help_text="Of the list, as in its address.")
    is_selection = models.BooleanField(help_text="Single rows that were ticked; else all that the filters find.")
    n_rows = models.PositiveIntegerField()
    as_of = models.DateField(null=True, blank=True, help_text="The business date.")
    exported_at = models.DateTimeField(db_default=Now())
    exported_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="exports")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(form__in=["csv", "excel", "json", "pdf"]), name="export_form_is_known"),
        ]

    def __str__(self) -> str:
        return f"export {self.pk} of {self.model}"
