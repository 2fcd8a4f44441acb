"""Where the books come from, what their columns mean, and on which day they stand."""

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html

from borrowers.models import AttributeDefinition, BusinessDate, ImportRun, Upload
from creditpath.admin_lists import ReadOnlyAdmin, show_mapping


@admin.register(AttributeDefinition)
class AttributeDefinitionAdmin(ReadOnlyAdmin):
    list_display = ("entity", "name", "type", "source_column", "description")
    list_filter = ("entity", "type")
    search_fields = ("name",)


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin):
    list_display = ("id", "source_name", "state", "n_read", "n_rejected", "started_at", "finished_at", "started_by")
    list_filter = ("state",)
    list_select_related = ("started_by",)
    search_fields = ("source_name", "source_sha256__startswith")
    fields = (
        "source_name", "source_sha256", "state", "started_at", "finished_at", "started_by", "n_read", "n_rejected",
        "counts", "report", "error", "mapping",
    )  # fmt: skip

    @admin.display(description="report")
    def report(self, run: ImportRun) -> str:
        """Link to the page of the import with its data report, where it came through the browser."""
        upload = Upload.objects.filter(run=run).first()
        return format_html('<a href="{}">open</a>', reverse("borrowers:import", args=[upload.pk])) if upload else "–"

    @admin.display(description="rows by table")
    def counts(self, run: ImportRun) -> str:
        return show_mapping(run.tables)


@admin.register(Upload)
class UploadAdmin(ReadOnlyAdmin):
    list_display = ("id", "name", "stage", "n_bytes", "uploaded_at", "uploaded_by")
    list_filter = ("stage",)
    list_select_related = ("uploaded_by",)
    search_fields = ("name", "sha256__startswith")
    fields = (
        "name", "stage", "page", "n_bytes", "sha256", "uploaded_at", "uploaded_by", "team", "run", "job", "reason", "error",
        "is_hand_written", "mapping",
    )  # fmt: skip

    @admin.display(description="its page")
    def page(self, upload: Upload) -> str:
        return format_html('<a href="{}">open</a>', reverse("borrowers:import", args=[upload.pk]))


@admin.register(BusinessDate)
class BusinessDateAdmin(ReadOnlyAdmin):
    list_display = ("day", "is_frozen", "changed_at")
