"""Django's own admin with our name, our colours and our log-in."""

from typing import Any, ClassVar

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst


class CreditPathAdminConfig(AdminConfig):
    """Install the admin with the site below as its default."""

    default_site = "creditpath.admin_site.CreditPathAdminSite"


class CreditPathAdminSite(AdminSite):
    """The admin behind the door of the route matrix; it has no log-in of its own."""

    site_header = "CreditPathAI"
    site_title = "CreditPathAI"
    index_title = "Administration"
    # What people work with stands first; libraries are called by what they keep.
    app_order = ("borrowers", "scoring", "recovery", "accounts", "exports", "jobs", "axes", "knox")
    app_names: ClassVar[dict[str, str]] = {"axes": "log-in attempts", "knox": "API tokens"}

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        """Return the apps that the user may see, in the order of the house."""
        order = {label: place for place, label in enumerate(self.app_order)}
        apps = super().get_app_list(request, app_label)
        for app in apps:
            app["name"] = capfirst(self.app_names.get(app["app_label"], app["name"]))
        return sorted(apps, key=lambda app: order.get(app["app_label"], len(order)))

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send people to the site's log-in, where attempts are counted."""
        from django.contrib.auth.views import redirect_to_login  # imports models, which are not there yet above

        if self.has_permission(request):
            from django.shortcuts import redirect

            return redirect("admin:index")
        return redirect_to_login(request.GET.get("next") or request.get_full_path())
