"""The pages of policies, under /policies/; a version is its own number."""

from django.urls import path

from recovery.policymaking import views

urlpatterns = [
    path("", views.policies, name="policies"),
    path("new/", views.draft_policy, name="draft-policy"),
    path("<int:version>/", views.policy, name="policy"),
    path("<int:version>/settings/", views.change_policy, name="change-policy"),
    path("<int:version>/lines/new/", views.add_line, name="add-policy-line"),
    path("<int:version>/lines/<int:position>/", views.line, name="policy-line"),
    path("<int:version>/lines/<int:position>/move/", views.move_line, name="move-policy-line"),
    path("<int:version>/lines/<int:position>/delete/", views.delete_line, name="delete-policy-line"),
    path("<int:version>/steps/", views.take_step, name="take-policy-step"),
    path("<int:version>/compare/<int:other>/", views.compare_policies, name="compare-policies"),
    path("<int:version>/replays/", views.replay_policy, name="replay-policy"),
    path("<int:version>/replays/<int:number>/", views.replay, name="policy-replay"),
]
