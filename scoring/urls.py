"""The pages of scoring."""

from django.urls import path

from scoring.registry import views
from scoring.training import views as training

app_name = "scoring"
urlpatterns = [
    path("models/", views.models, name="models"),
    path("models/live/", views.live_models, name="live-models"),
    path("models/training/", training.train, name="training"),
    path("models/training/<int:pk>/", training.training_run, name="training-run"),
    path("models/training/<int:pk>/cancellation/", training.cancel, name="cancel-training"),
    path("models/training/<int:pk>/retrial/", training.again, name="retry-training"),
    path("models/<int:pk>/", views.model, name="model"),
    path("models/<int:pk>/card/", views.card, name="model-card"),
    path("models/<int:pk>/card/file/", views.card_file, name="model-card-file"),
    path("models/<int:pk>/comparisons/", views.compare, name="compare-models"),
    path("models/<int:pk>/fairness/", views.measure, name="measure-fairness"),
    path("models/<int:pk>/validations/", views.validate, name="validate-model"),
    path("models/<int:pk>/proposals/", views.propose, name="propose-promotion"),
    path("models/<int:pk>/retirement/", views.retire, name="retire-model"),
    path("models/<int:pk>/challenges/", views.challenge, name="name-challenger"),
    path("models/challenges/<int:pk>/end/", views.end_challenger, name="end-challenge"),
    path("models/findings/<int:pk>/closure/", views.close, name="close-finding"),
    path("models/proposals/<int:pk>/decision/", views.decide, name="decide-promotion"),
]
