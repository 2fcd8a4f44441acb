"""The pages of recovery."""

from django.urls import URLPattern, path

from recovery import views
from recovery.portfolio_view import portfolio_dashboard
from recovery.todays_list import todays_list

app_name = "recovery"
urlpatterns: list[URLPattern] = [
    path("worklist/", views.worklist, name="worklist"),
    path("worklist/next/", views.next_case, name="next-case"),
    path("borrowers/<int:pk>/", views.borrower, name="borrower"),
    path("borrowers/<int:pk>/actions/", views.record_action, name="record-action"),
    path("borrowers/<int:pk>/payments/", views.record_borrower_payment, name="record-payment"),
    path("worklist/today/", todays_list, name="todays-list"),
    path("dashboards/portfolio/", portfolio_dashboard, name="portfolio-dashboard"),
]
