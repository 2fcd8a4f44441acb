"""The API, version 1: log-in and documentation here, the rest from each app."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from creditpath.accounts.api import LoginView, LogoutView

app_name = "api"
urlpatterns = [
    path("auth/login/", LoginView.as_view(), name="login"),
    path("auth/logout/", LogoutView.as_view(), name="logout"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    # A page for people: the route matrix is asked at the door, with the session, and the anonymous are sent to the log-in.
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api:schema", permission_classes=()), name="docs"),
    path("", include("borrowers.api_urls")),
    path("", include("scoring.api_urls")),
    path("", include("recovery.api_urls")),
]
