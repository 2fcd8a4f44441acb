"""The pages of outreach."""

from django.urls import path

from recovery.outreach import views

urlpatterns = [
    path("messages/", views.outbox, name="outbox"),
    path("messages/<int:pk>/cancel/", views.cancel, name="cancel-message"),
    path("messages/<int:pk>/resolve/", views.resolve, name="resolve-message"),
    path("messages/templates/", views.templates, name="message-templates"),
    path("messages/templates/<int:number>/", views.template, name="message-template"),
    path("dialler/", views.dialler, name="dialler"),
    path("dialler/<int:pk>/calls.csv", views.dialler_csv, name="dialler-csv"),
    path("dialler/results/", views.dialler_results, name="dialler-results"),
    path("borrowers/<int:pk>/message/", views.write, name="write-message"),
]
