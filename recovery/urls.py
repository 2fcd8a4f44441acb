"""The pages of recovery."""

from django.urls import URLPattern, path

from recovery.portfolio_view import portfolio_dashboard

app_name = "recovery"
urlpatterns: list[URLPattern] = [
    path("dashboards/portfolio/", portfolio_dashboard, name="portfolio-dashboard"),
]
