"""What the admin's lists of large and of append-only tables share."""

import csv
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import Model, QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

ESTIMATE_FROM = 20_000
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

Column = tuple[str, Callable[[Any], Any]]


class LargeTablePaginator(Paginator):
    """Count a whole table by the planner's estimate once it is large; a filtered list is counted exactly."""

    @cached_property
    def count(self) -> int:
        query = getattr(self.object_list, "query", None)
        if query is not None and not query.where and not query.distinct:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [query.model._meta.db_table]
                )
                estimate = int(cursor.fetchone()[0])
            if estimate >= ESTIMATE_FROM:
                return estimate
        return int(super().count)


class LargeTableAdmin(admin.ModelAdmin):
    """A list that costs the same number of queries however many rows there are."""

    paginator = LargeTablePaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 200


class ReadOnlyAdmin(LargeTableAdmin):
    """Rows that nobody may add, change or delete by hand, superusers included: the database would refuse it anyhow."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnlyInline(admin.TabularInline):
    """Rows of an append-only table below the row that they belong to."""

    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReasonForm(forms.Form):
    """Why something is done; kept with it."""

    reason = forms.CharField(
        max_length=1000, widget=forms.Textarea(attrs={"rows": 3}), help_text="Kept with the decision."
    )


def ask_before(
    model_admin: admin.ModelAdmin,
    request: HttpRequest,
    queryset: QuerySet,
    *,
    form: forms.Form,
    title: str,
    explanation: str,
    button: str,
) -> TemplateResponse:
    """Show what an action is about to do and ask for what it needs; the page comes back to the same action with "confirmed"."""
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.model._meta,
        "title": title,
        "explanation": explanation,
        "button": button,
        "form": form,
        "rows": queryset,
        "action": request.POST["action"],
        "checkbox_name": ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "admin/ask_before.html", context)


def show_mapping(values: Any) -> SafeString | str:
    """Show a JSON object as a table of names and values, objects inside it likewise."""
    if isinstance(values, dict):
        rows = format_html_join(
            "",
            "<tr><th>{}</th><td>{}</td></tr>",
            ((str(key).replace("_", " "), show_mapping(value)) for key, value in values.items()),
        )
        return format_html('<table class="cp-mapping">{}</table>', rows) if values else "–"
    if isinstance(values, list):
        return (
            ", ".join(str(show_mapping(value)) if not isinstance(value, dict) else str(value) for value in values)
            or "–"
        )
    if isinstance(values, float):
        return f"{values:.6g}"
    return "–" if values is None else str(values)


# --- export ---------------------------------------------------------------------------------------------------------------
def safe_cell(value: Any) -> Any:
    """Return what a spreadsheet shows as it is: text that it would run as a formula gets an apostrophe, numbers stay numbers."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return value
    text = value.replace("\x00", "")
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text


class _Echo:
    def write(self, line: str) -> str:
        return line


def stream_csv(*, rows: QuerySet, columns: Sequence[Column], filename: str) -> StreamingHttpResponse:
    """Answer with rows as CSV, streamed in chunks, so that memory stays flat."""
    writer = csv.writer(_Echo())

    def lines() -> Iterator[str]:
        yield "\ufeff" + writer.writerow([title for title, _ in columns])
        for row in rows.iterator(chunk_size=2000):
            yield writer.writerow([safe_cell(read(row)) for _, read in columns])

    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8", headers=headers)
