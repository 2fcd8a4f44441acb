from django.contrib import admin

from creditpath.admin_lists import ReadOnlyAdmin
from creditpath.exports.models import ExportRun


@admin.register(ExportRun)
class ExportRunAdmin(ReadOnlyAdmin):
    """Who took which rows; the log itself can be exported too."""

    list_display = ("id", "model", "form", "n_rows", "filters", "is_selection", "as_of", "exported_at", "exported_by")
    list_filter = ("form", "is_selection")
    list_select_related = ("exported_by",)
    search_fields = ("model__startswith", "exported_by__username__startswith")
