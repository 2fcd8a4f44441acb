"""What the admin's lists of large and of append-only tables share."""

import json
from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.paginator import Page, Paginator
from django.db import OperationalError, connection, transaction
from django.db.models import Model, QuerySet
from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from creditpath.errors import DomainError
from creditpath.exports.cells import Column, columns_of
from creditpath.exports.models import ExportRun
from creditpath.exports.services import export_rows

ESTIMATE_FROM = 20_000
COUNTING_MS = 400  # what a filtered list may spend on its exact count
MOST_PAGES = 400
MATCHES_PER_FIELD = 1_000


class LargeTablePaginator(Paginator):
    """Count in bounded time, and page through the beginning of a list only: the way to a row far down is a search or filter.

    A whole table is counted by its statistics once it is large. A filtered list is counted exactly if it has less than
    ESTIMATE_FROM rows and that takes no longer than COUNTING_MS, else by the planner's estimate; is_estimated says so. The
    first MOST_PAGES pages can be opened, since a page's cost grows with what is passed over before it.
    """

    is_estimated = False

    @cached_property
    def count(self) -> int:
        query = getattr(self.object_list, "query", None)
        if query is None:
            return int(super().count)
        if not query.where and not query.distinct:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [query.model._meta.db_table]
                )
                estimate = int(cursor.fetchone()[0])
            if estimate >= ESTIMATE_FROM:
                self.is_estimated = True
                return estimate
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = %s", [COUNTING_MS])
                exact = int(self.object_list.order_by()[:ESTIMATE_FROM].count())  # type: ignore[attr-defined]
                cursor.execute("SET LOCAL statement_timeout = 0")
            if exact < ESTIMATE_FROM:
                return exact
            at_least = ESTIMATE_FROM
        except OperationalError:  # cancelled by the timeout
            at_least = self.per_page
        self.is_estimated = True
        plan = json.loads(self.object_list.order_by().explain(format="json"))  # type: ignore[attr-defined]
        return max(int(plan[0]["Plan"]["Plan Rows"]), at_least)

    @cached_property
    def num_pages(self) -> int:
        return min(int(super().num_pages), MOST_PAGES)

    @property
    def last_row(self) -> int:
        """Return the number of the last row that can be paged to."""
        return min(self.count, self.num_pages * self.per_page)

    @property
    def is_cut_off(self) -> bool:
        return self.last_row < self.count

    def page(self, number: int | str) -> Page:
        """Return a page; where an estimate has promised more pages than there are rows, an empty one."""
        number = self.validate_number(number)
        bottom = (number - 1) * self.per_page
        top = bottom + self.per_page
        return Page(self.object_list[bottom : top if self.is_estimated else min(top, self.count)], number, self)


class LargeTableAdmin(admin.ModelAdmin):
    """A list that costs the same number of queries however many rows there are."""

    paginator = LargeTablePaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 200
    export_columns: ClassVar[tuple[Column, ...]] = ()  # every field where there are none

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Offer the ticked rows, or the whole filtered list, as files to whoever may see the list."""
        actions = super().get_actions(request)
        if self.has_view_permission(request) and "_popup" not in request.GET:
            for form in (ExportRun.Form.CSV, ExportRun.Form.EXCEL):
                name = f"export_{form.value}"
                title = f"Export the selected {self.opts.verbose_name_plural} as {form.label}"
                actions[name] = (_export_as(form), name, title)  # type: ignore[assignment]
        return actions

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """Find rows one of whose fields begins with the term, at most MATCHES_PER_FIELD by each field.

        Each field is asked alone, so that each is served by its own index; put together by OR across tables they would be
        served by none.
        """
        paths = self.get_search_fields(request)
        term = search_term.strip()
        if not (term and paths) or not all(path.endswith("startswith") for path in paths):
            return super().get_search_results(request, queryset, search_term)
        rows = self.model._base_manager
        first, *others = [rows.filter(**{path: term}).order_by().values("pk")[:MATCHES_PER_FIELD] for path in paths]
        return queryset.filter(pk__in=first.union(*others) if others else first), False


def _export_as(form: ExportRun.Form) -> Callable[[LargeTableAdmin, HttpRequest, QuerySet], HttpResponseBase | None]:
    def export(model_admin: LargeTableAdmin, request: HttpRequest, queryset: QuerySet) -> HttpResponseBase | None:
        related = model_admin.list_select_related
        try:
            run, stream = export_rows(
                rows=queryset,
                columns=model_admin.export_columns
                or columns_of(model_admin.model, related if isinstance(related, tuple) else ()),
                form=form,
                filters=request.GET.urlencode(),
                is_selection=request.POST.get("select_across") != "1",
                exported_by=request.user,  # type: ignore[arg-type]
            )
        except DomainError as refusal:
            messages.error(request, refusal.detail)
            return None
        ending = {ExportRun.Form.CSV: "csv", ExportRun.Form.EXCEL: "xlsx"}[form]
        day = f"-{run.as_of}" if run.as_of else ""
        return FileResponse(
            stream, as_attachment=True, filename=f"{model_admin.opts.model_name}s{day}-{run.pk}.{ending}"
        )

    return export


class ReadOnlyAdmin(LargeTableAdmin):
    """Rows that nobody may add, change or delete by hand, superusers included: the database would refuse it anyhow."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class DatedRowAdmin(admin.ModelAdmin):
    """Rows that count from a day on; a new one takes over, none is changed."""

    exclude = ("set_by", "booked_at")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.set_by = request.user
        super().save_model(request, obj, form, change)


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
