"""People and teams in the admin; nobody is deleted, since the records name who did what: switch the user off instead."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from creditpath.accounts.forms import NewUserForm
from creditpath.accounts.models import Team, User

admin.site.unregister(Group)  # rights come from roles alone


@admin.register(User)
class RoleUserAdmin(UserAdmin):
    add_form = NewUserForm
    list_display = ("username", "full_name", "role", "team", "is_active", "last_login")
    list_filter = ("role", "team", "is_active")
    list_select_related = ("team",)
    search_fields = ("username", "first_name", "last_name", "email")
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Work", {"fields": ("role", "team", "is_active")}),
        ("Record", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {"classes": ("wide",), "fields": ("username", "role", "team", "usable_password", "password1", "password2")},
        ),
    )

    @admin.display(description="name", ordering="last_name")
    def full_name(self, user: User) -> str:
        return user.get_full_name()


@admin.register(Team)
class TeamAdmin(admin.ModelAdmin):
    list_display = ("name", "n_members")
    search_fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).annotate(n_members=Count("members"))

    @admin.display(description="members", ordering="n_members")
    def n_members(self, team: Any) -> int:
        return team.n_members
