"""The pages of evidence."""

from django.urls import path

from recovery.evidence import views

urlpatterns = [
    path("borrowers/<int:pk>/evidence/", views.evidence, name="evidence"),
    path("borrowers/<int:pk>/evidence.json", views.evidence_json, name="evidence-json"),
    path("borrowers/<int:pk>/evidence.pdf", views.evidence_pdf, name="evidence-pdf"),
    path("borrowers/<int:pk>/legal-holds/", views.hold, name="set-legal-hold"),
    path("legal-holds/<int:pk>/lift/", views.lift, name="lift-legal-hold"),
    path("borrowers/<int:pk>/erasures/", views.ask_erasure, name="ask-erasure"),
    path("erasures/<int:pk>/", views.decide, name="decide-erasure"),
    path("retention/", views.retention, name="retention"),
]
