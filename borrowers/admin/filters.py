"""The filters of the books' lists. Their parameters are part of our addresses, since the dashboard links to them."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest

from borrowers.models import Bucket, Product
from borrowers.querysets import ARREARS_BUCKETS
from creditpath.accounts.models import Team
from creditpath.sql import load


class BucketFilter(admin.SimpleListFilter):
    title = "bucket"
    parameter_name = "bucket"
    path = "delinquency__bucket"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("owing", "all that owe"),
            ("late", "all that are late"),
            *((bucket.value, bucket.label) for bucket in Bucket),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        match self.value():
            case "owing":
                return queryset.filter(**{f"{self.path}__in": ["current", *ARREARS_BUCKETS]})
            case "late":
                return queryset.filter(**{f"{self.path}__in": ARREARS_BUCKETS})
            case str(bucket) if bucket in Bucket.values:
                return queryset.filter(**{self.path: bucket})
            case None:
                return queryset
        return queryset.none()


class OwnBucketFilter(BucketFilter):
    path = "bucket"


class ProductFilter(admin.SimpleListFilter):
    title = "product"
    parameter_name = "product"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(product.pk), product.name) for product in Product.objects.all()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return _narrowed(queryset, "product_id", self.value(), self.lookup_choices)


class TeamFilter(admin.SimpleListFilter):
    title = "team"
    parameter_name = "team"
    path = "borrower__team_id"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(team.pk), team.name) for team in Team.objects.all()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return _narrowed(queryset, self.path, self.value(), self.lookup_choices)


class OwnTeamFilter(TeamFilter):
    path = "team_id"


class CurrencyFilter(admin.SimpleListFilter):
    title = "currency"
    parameter_name = "currency"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(code, code) for code in currencies_in_use()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return _narrowed(queryset, "currency", self.value(), self.lookup_choices)

    def has_output(self) -> bool:
        """Stay, with a single currency too: the dashboard's links name it."""
        return bool(self.lookup_choices)


def currencies_in_use() -> list[str]:
    """Return the currencies of all loans; one short query however many loans there are."""
    with connection.cursor() as cursor:
        cursor.execute(load("borrowers", "currencies_in_use.sql"))
        return [code for (code,) in cursor.fetchall()]


def _narrowed(queryset: QuerySet, path: str, value: str | None, choices: Iterable[tuple[str, Any]]) -> QuerySet:
    """Filter by a choice; one that is not offered finds nothing, rather than everything."""
    if value is None:
        return queryset
    return queryset.filter(**{path: value}) if value in {str(key) for key, _ in choices} else queryset.none()
