"""The front door. It stands outside the namespace of recovery, as settings and templates call it "home"."""

from django.urls import path

from recovery.home import home

urlpatterns = [path("", home, name="home")]
