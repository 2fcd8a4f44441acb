"""The pages of disputes and complaints."""

from django.urls import path

from recovery.grievances import views

urlpatterns = [
    path("grievances/", views.register, name="grievances"),
    path("grievances.csv", views.register_csv, name="grievances-csv"),
    path("grievances/<int:pk>/", views.grievance, name="grievance"),
    path("grievances/<int:pk>/answer/", views.answer, name="answer-grievance"),
    path("borrowers/<int:pk>/grievances/", views.record, name="record-grievance"),
]
