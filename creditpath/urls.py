"""All addresses of the site. Who may call them is written in creditpath.access; a name it does not know is refused."""

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.core.exceptions import ImproperlyConfigured
from django.urls import include, path

from creditpath.checks import find_open_dashboards
from creditpath.health import MetricsView, ReadyView, healthz

# Web servers run no system checks, and this fault would open the dashboards to everybody.
if faults := find_open_dashboards():
    raise ImproperlyConfigured(faults[0])

handler400 = "creditpath.error_pages.bad_request"
handler403 = "creditpath.error_pages.permission_denied"
handler404 = "creditpath.error_pages.page_not_found"
handler500 = "creditpath.error_pages.server_error"

urlpatterns = [
    path("", include("recovery.home_urls")),
    path("accounts/login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("accounts/logout/", LogoutView.as_view(), name="logout"),
    path("healthz", healthz, name="healthz"),
    path("readyz", ReadyView.as_view(), name="readyz"),
    path("metrics", MetricsView.as_view(), name="metrics"),
    path("admin/", admin.site.urls),
    path("django_plotly_dash/", include("django_plotly_dash.urls")),
    path("api/v1/", include("creditpath.api_urls")),
    path("", include("borrowers.urls")),
    path("", include("scoring.urls")),
    path("", include("recovery.urls")),
]
