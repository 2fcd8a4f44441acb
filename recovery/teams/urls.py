"""The pages of teams."""

from django.urls import path

from recovery.teams import views

urlpatterns = [
    path("teams/", views.teams, name="teams"),
    path("teams/agents/<int:pk>/", views.team_member, name="team-member"),
]
