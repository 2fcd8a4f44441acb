"""Which models are live, and which loans each of them serves."""

from dataclasses import dataclass

from scoring.errors import ModelDoesNotFit, ModelNotAccepted, NoChampion
from scoring.features.definition import FEATURE_SET
from scoring.models import Deployment, ModelVersion, Purpose
from scoring.querysets import heavy_fields


@dataclass(frozen=True)
class Champion:
    """A live model and the loans that it serves: those of its segment, or those that no champion of a segment takes."""

    model: ModelVersion
    segment: str
    elsewhere: frozenset[str]

    def takes(self, bucket: str) -> bool:
        """Say whether a loan of a bucket is its own; 91+ goes with the champion for all."""
        return bucket == self.segment if self.segment else bucket not in self.elsewhere


def find_live() -> list[Champion]:
    """Return the champions, without their bytes: by purpose in order of preference, the one for all loans first.

    One query; the bytes are read when a session is opened.
    """
    live = list(Deployment.objects.live().select_related("model").defer(*heavy_fields("model")))
    live.sort(key=lambda one: (_rank(one.purpose), one.purpose, one.segment))
    return [
        Champion(
            model=one.model,
            segment=one.segment,
            elsewhere=frozenset(other.segment for other in live if other.purpose == one.purpose and other.segment),
        )
        for one in live
    ]


def find_champions() -> list[ModelVersion]:
    """Return the live models, each once, in the order of find_live(): default, labelled ledgers, others. One query."""
    return list({champion.model.pk: champion.model for champion in find_live()}.values())


def find_champion(purpose: str | None = None) -> ModelVersion | None:
    """Return the live model of a purpose, or of the preferred purpose that has one; the one for all loans, if there is one."""
    return next((model for model in find_champions() if purpose in (None, model.purpose)), None)


def get_champion(purpose: str | None = None) -> ModelVersion:
    """Return the live model of a purpose, or of the preferred purpose that has one; raises NoChampion."""
    return get_live(purpose)[0].model


def get_live(purpose: str | None = None) -> list[Champion]:
    """Return all champions of a purpose, or of the preferred one that has any, that for all loans first; raises NoChampion."""
    live = find_live()
    if purpose is None and live:
        purpose = live[0].model.purpose
    if not (own := [champion for champion in live if champion.model.purpose == purpose]):
        raise NoChampion(f"No model is live for {purpose}: train one and promote it first." if purpose else None)
    return own


def find_model(name: str) -> ModelVersion:
    """Return a registered model by name; raises ModelNotAccepted where there is none."""
    model = ModelVersion.objects.filter(name=name).first()
    if model is None:
        known = ", ".join(ModelVersion.objects.values_list("name", flat=True)[:5]) or "none yet"
        raise ModelNotAccepted(f"No model is called {name}. The newest are: {known}.", code="unknown_model")
    return model


def check_fit(model: ModelVersion) -> None:
    """Raise ModelDoesNotFit where a model was trained on other features than those that are computed now."""
    if model.feature_set != FEATURE_SET:
        raise ModelDoesNotFit(
            f"{model.name} was trained on the features {model.feature_set}, the present ones are {FEATURE_SET}: train again and "
            "promote the new model."
        )


def _rank(purpose: str) -> int:
    if purpose == Purpose.DEFAULT:
        return 0
    return 1 if purpose.startswith("attribute:") else 2
