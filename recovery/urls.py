"""The pages of recovery."""

from django.urls import URLPattern, URLResolver, include, path

from recovery import views
from recovery.borrower_page import views as borrower_page
from recovery.care import views as care
from recovery.contacts import views as contacts
from recovery.plans import views as plans
from recovery.portfolio_view import portfolio_dashboard, portfolio_movement
from recovery.todays_list import todays_list
from recovery.watching.views import model_dashboard

app_name = "recovery"
urlpatterns: list[URLPattern | URLResolver] = [
    path("worklist/", views.worklist, name="worklist"),
    path("worklist/next/", views.next_case, name="next-case"),
    path("borrowers/<int:pk>/", views.borrower, name="borrower"),
    path("borrowers/<int:pk>/actions/", views.record_action, name="record-action"),
    path("borrowers/<int:pk>/payments/", views.record_borrower_payment, name="record-payment"),
    path("worklist/today/", todays_list, name="todays-list"),
    path("borrowers/<int:pk>/contacts/", contacts.contacts, name="contacts"),
    path("borrowers/<int:pk>/contacts.csv", contacts.contacts_csv, name="contacts-csv"),
    path("borrowers/<int:pk>/contacts.json", contacts.contacts_json, name="contacts-json"),
    path("borrowers/<int:pk>/holds/", contacts.hold, name="set-hold"),
    path("borrowers/<int:pk>/holds/lift/", contacts.lift, name="lift-hold"),
    path("borrowers/<int:pk>/answer/", views.answer_recommendation, name="answer-recommendation"),
    path("care/", care.reviews, name="care-reviews"),
    path("care/<int:pk>/decide/", care.decide, name="decide-care"),
    path("borrowers/<int:pk>/care/", care.records, name="care-records"),
    path("borrowers/<int:pk>/care/new/", care.open_record, name="open-care"),
    path("your/<str:token>/", borrower_page.your_page, name="your-page"),
    path("borrowers/<int:pk>/plan/", plans.plan, name="plan"),
    path("borrowers/<int:pk>/plan/new/", plans.make, name="make-plan"),
    path("plans/", plans.plans, name="plans"),
    path("plans/<int:pk>/step/", plans.step, name="take-plan-step"),
    path("policies/", include("recovery.policymaking.urls")),
    path("", include("recovery.outreach.urls")),
    path("", include("recovery.inbound.urls")),
    path("", include("recovery.grievances.urls")),
    path("", include("recovery.approvals.urls")),
    path("", include("recovery.evidence.urls")),
    path("", include("recovery.teams.urls")),
    path("", include("recovery.alerts.urls")),
    path("dashboards/portfolio/", portfolio_dashboard, name="portfolio-dashboard"),
    path("dashboards/portfolio/movement/", portfolio_movement, name="portfolio-movement"),
    path("dashboards/models/", model_dashboard, name="model-dashboard"),
]
