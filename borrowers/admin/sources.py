"""Where the books come from, what their columns mean, and on which day they stand."""

from django.contrib import admin

from borrowers.models import AttributeDefinition, BusinessDate, ImportRun
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
        "counts", "error", "mapping",
    )  # fmt: skip

    @admin.display(description="rows by table")
    def counts(self, run: ImportRun) -> str:
        return show_mapping(run.tables)


@admin.register(BusinessDate)
class BusinessDateAdmin(ReadOnlyAdmin):
    list_display = ("day", "is_frozen", "changed_at")
