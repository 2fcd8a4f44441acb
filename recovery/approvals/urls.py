"""The pages of what takes two people."""

from django.urls import path

from recovery.approvals import views

urlpatterns = [
    path("approvals/", views.approvals, name="approvals"),
    path("approvals/<int:pk>/", views.decide_proposal, name="decide-proposal"),
    path("loans/<int:pk>/proposals/", views.propose_for_loan, name="propose"),
]
