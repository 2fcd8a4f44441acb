"""The page of alerts."""

from django.urls import path

from recovery.alerts import views

urlpatterns = [
    path("alerts/", views.alerts, name="alerts"),
    path("alerts/<int:pk>/", views.acknowledge_alert, name="acknowledge-alert"),
]
