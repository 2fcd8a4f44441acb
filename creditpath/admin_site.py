"""Django's own admin with our name, our colours and our log-in."""

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest, HttpResponse


class CreditPathAdminConfig(AdminConfig):
    """Install the admin with the site below as its default."""

    default_site = "creditpath.admin_site.CreditPathAdminSite"


class CreditPathAdminSite(AdminSite):
    """The admin behind the door of the route matrix; it has no log-in of its own."""

    site_header = "CreditPathAI"
    site_title = "CreditPathAI"
    index_title = "Administration"

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send people to the site's log-in, where attempts are counted."""
        from django.contrib.auth.views import redirect_to_login  # imports models, which are not there yet above

        if self.has_permission(request):
            from django.shortcuts import redirect

            return redirect("admin:index")
        return redirect_to_login(request.GET.get("next") or request.get_full_path())
