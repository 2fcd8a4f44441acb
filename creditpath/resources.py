"""The shape of a resource of the API: strict about what it is asked, paged by position, honest about its errors."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any, Literal

from django import forms
from django.core.exceptions import FieldDoesNotExist
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import GeneratedField, Model, Q, QuerySet
from django.http import Http404
from django_filters import rest_framework as filters
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema_field
from rest_framework import mixins, serializers, viewsets
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from creditpath.access import PERSONAL
from creditpath.idempotency.api import IdempotentCreateMixin

PAGE_SIZE, MAX_PAGE_SIZE = 100, 500
LARGEST_KEY = 2**63 - 1
PAGE_PARAMETERS = frozenset({"cursor", "page_size", "ordering"})

MAX_ID = 2**63 - 1  # of a bigint


class WholeNumberFilter(filters.Filter):
    """A key or a count: not a decimal, which would let an exponent grow into a number of millions of digits."""

    field_class = forms.IntegerField

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, min_value=0, max_value=LARGEST_KEY, **options)


class ErrorSerializer(serializers.Serializer[Any]):
    """What every error looks like."""

    code = serializers.CharField(help_text="A word that scripts can rely on.")
    detail = serializers.CharField(help_text="One sentence for people.")
    fields = serializers.DictField(help_text="What is wrong with which input.")  # type: ignore[assignment]


class ResourceSchema(AutoSchema):
    """Describe the errors, the ordering and the Idempotency-Key that our views have in common."""

    def get_override_parameters(self) -> list[Any]:
        parameters = []
        if self.method == "POST" and isinstance(self.view, IdempotentCreateMixin):
            parameters.append(
                OpenApiParameter(
                    "Idempotency-Key", str, OpenApiParameter.HEADER,
                    description="1 to 200 printable ASCII characters; a repeated request gets the first answer.",
                )
            )  # fmt: skip
        orderings = getattr(self.view, "orderings", None)
        if orderings and self._is_list_view():
            parameters.append(OpenApiParameter("ordering", str, enum=_ordering_words(orderings)))
        return parameters

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> Any:
        bodies = super()._get_response_bodies(direction=direction)
        for code in self._error_codes():
            if code not in bodies:
                bodies[code] = self._get_response_for_code(
                    ErrorSerializer, code, media_types=["application/json"], direction=direction
                )
        return dict(sorted(bodies.items()))

    def _error_codes(self) -> list[str]:
        codes = ["400", "401", "403", "429"]
        if "{" in self.path:
            codes.append("404")
        if self.method == "POST":
            codes += ["409", "413", "415"]
            if isinstance(self.view, IdempotentCreateMixin):
                codes.append("422")
        return codes

    def _get_paginator(self) -> Any:
        return super()._get_paginator() if self._is_list_view() else None


def _ordering_words(orderings: Mapping[str, str]) -> list[str]:
    return [word for name in orderings for word in (name, f"-{name}")]


class OrderedKeysetPagination(BasePagination):
    """Page through a list by (column, id) of the last row seen: each page costs the same, and no row is missed or doubled.

    The view says in `orderings` by which words a list can be ordered and which never-null column each means, with a minus where
    the column falls as what the word names grows; `default_ordering` is used where none is asked for.
    """

    def paginate_queryset(self, queryset: QuerySet, request: Request, view: Any = None) -> list[Any]:  # type: ignore[override]
        self.base_url = request.build_absolute_uri()
        size = self._page_size(request)
        word = request.query_params.get("ordering") or view.default_ordering
        if word not in _ordering_words(view.orderings):
            raise ValidationError({"ordering": [f"One of {', '.join(_ordering_words(view.orderings))}."]})
        ordering = view.orderings[word.removeprefix("-")]
        column = ordering.removeprefix("-")
        if "__" in column:  # a row of the other table may be missing, and then there is no place in this order
            queryset = queryset.filter(**{f"{column}__isnull": False})
        after, is_back = self._position(request, queryset.model, word=word, column=column)
        descends = (word.startswith("-") != ordering.startswith("-")) != is_back
        if after is not None:
            queryset = queryset.filter(_beyond(column, *after, descends=descends))
        sign = "-" if descends else ""
        order = [f"{sign}pk"] if column == "pk" else [f"{sign}{column}", f"{sign}pk"]
        rows = list(queryset.order_by(*order)[: size + 1])
        has_more, rows = len(rows) > size, rows[:size]
        if is_back:
            rows.reverse()
        self.next_url = self._link(rows[-1], word, column) if rows and (has_more or is_back) else None
        can_go_back = has_more if is_back else after is not None
        self.previous_url = self._link(rows[0], word, column, is_back=True) if rows and can_go_back else None
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"next": self.next_url, "previous": self.previous_url, "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": "string", "nullable": True, "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            {"name": "cursor", "in": "query", "schema": {"type": "string"}, "description": "From next or previous."},
            {
                "name": "page_size", "in": "query",
                "schema": {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE, "default": PAGE_SIZE},
            },
        ]  # fmt: skip

    @staticmethod
    def _page_size(request: Request) -> int:
        text = request.query_params.get("page_size", str(PAGE_SIZE))
        if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= MAX_PAGE_SIZE):
            raise ValidationError({"page_size": [f"A number from 1 to {MAX_PAGE_SIZE}."]})
        return int(text)

    def _link(self, row: Model, word: str, column: str, *, is_back: bool = False) -> str:
        value: Any = row
        for part in column.split("__"):
            value = getattr(value, part)
        packed = json.dumps([word, row.pk if column == "pk" else str(value), row.pk, is_back])
        cursor = base64.urlsafe_b64encode(packed.encode()).decode().rstrip("=")
        return str(replace_query_param(self.base_url, "cursor", cursor))

    @staticmethod
    def _position(
        request: Request, model: type[Model], *, word: str, column: str
    ) -> tuple[tuple[Any, int] | None, bool]:
        text = request.query_params.get("cursor")
        if text is None:
            return None, False
        refusal = ValidationError({"cursor": ["This is not a cursor of this list."]})
        try:
            unpacked = json.loads(base64.urlsafe_b64decode(text.encode("ascii") + b"=="))
            its_word, value, pk, is_back = unpacked
        except (ValueError, TypeError, binascii.Error, RecursionError) as error:
            raise refusal from error
        is_id = isinstance(pk, int) and not isinstance(pk, bool) and abs(pk) < 2**63
        if its_word != word or not is_id or not isinstance(is_back, bool):
            raise refusal
        try:
            value = pk if column == "pk" else _field_of(model, column).to_python(value)
        except (DjangoValidationError, TypeError, ValueError) as error:
            raise refusal from error
        return (value, pk), is_back


def _beyond(column: str, value: Any, pk: int, *, descends: bool) -> Q:
    way = "lt" if descends else "gt"
    if column == "pk":
        return Q(**{f"pk__{way}": pk})
    # The first condition alone lets an index on the column find the place.
    return Q(**{f"{column}__{way}e": value}) & (Q(**{f"{column}__{way}": value}) | Q(**{f"pk__{way}": pk}))


def _field_of(model: type[Model], column: str) -> Any:
    found: Any = None
    for part in column.split("__"):
        try:
            found = model._meta.get_field(part)
        except FieldDoesNotExist:  # an annotation would need a type of its own
            raise ValueError(f"{column} is not a column") from None
        if found.is_relation:
            model = found.related_model
    return found.output_field if isinstance(found, GeneratedField) else found


class StrictParametersMixin:
    """Answer 400 to a query parameter that the view does not know, instead of a longer list than was asked for."""

    filterset_class: Any = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        known: set[str] = set()
        if getattr(self, "action", None) == "list":
            known |= PAGE_PARAMETERS | set(self.filterset_class.base_filters if self.filterset_class else ())
        if unknown := sorted(set(request.query_params) - known):
            raise ValidationError({name: ["There is no such parameter."] for name in unknown})


class ReadResource(StrictParametersMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """A list and its items, kept to what the user may see by the queryset's own visible_to()."""

    pagination_class = OrderedKeysetPagination
    schema = ResourceSchema()
    lookup_value_converter = "int"
    orderings: Mapping[str, str] = {"id": "pk"}
    default_ordering = "id"

    def get_queryset(self) -> QuerySet:
        queryset = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return queryset.none()
        visible_to = getattr(queryset, "visible_to", None)
        return visible_to(self.request.user) if visible_to else queryset

    def get_object(self) -> Any:
        """Return the item; an id that no column can hold is not found, like any other that does not exist."""
        if self.kwargs["pk"] >= 2**63:
            raise Http404
        return super().get_object()


class StrictSerializer(serializers.Serializer[Any]):
    """A body in which every field is known; a field that is not is an error, never silently dropped."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            known = {name for name, field in self.fields.items() if not field.read_only}
            if unknown := sorted(str(name) for name in set(data) - known):
                raise ValidationError({name: ["There is no such field."] for name in unknown})
        return super().to_internal_value(data)


class PersonalFieldsMixin:
    """Answer null for `personal_fields` to roles that get no personal data."""

    personal_fields: tuple[str, ...] = ()

    def to_representation(self, instance: Any) -> Any:
        shown = super().to_representation(instance)  # type: ignore[misc]
        request = self.context.get("request")  # type: ignore[attr-defined]
        if request is None or getattr(request.user, "role", None) not in PERSONAL:
            shown.update(dict.fromkeys(self.personal_fields))
        return shown


@extend_schema_field(OpenApiTypes.OBJECT)
class ObjectField(serializers.JSONField):
    """A JSON object whose keys the lender or the model defines."""
