"""The pages of borrowers."""

from django.urls import URLPattern

app_name = "borrowers"
urlpatterns: list[URLPattern] = []
