"""The pages of inbound calls."""

from django.urls import path

from recovery.inbound import views

urlpatterns = [
    path("inbound/", views.inbound, name="inbound"),
    path("inbound/<int:pk>/", views.check, name="inbound-check"),
    path("inbound/<int:pk>/disclosure/", views.disclosure, name="inbound-disclosure"),
]
