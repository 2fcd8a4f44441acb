"""Score a file with a model that was trained on such a table, through the registered specification and graph alone."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from scoring.errors import ModelTampered
from scoring.ml.points import points_of_probabilities
from scoring.ml.specification.applying import ColumnsMissing, apply_specification
from scoring.ml.specification.schema import Specification, specification_from_json
from scoring.models import ModelVersion, Tier
from scoring.registry.services import find_model, load_session, run_session
from scoring.tables.errors import TableRefused
from scoring.tables.reading import read_table

LONGEST_NAME = 300  # of a feature in the register, which cuts what is longer


@dataclass(frozen=True)
class TableScores:
    """How many rows were scored, and where the scores are."""

    model: str
    n_rows: int
    output: Path
    tiers: dict[str, int]

    def summary(self) -> str:
        tiers = ", ".join(f"{n:,} {tier}" for tier, n in self.tiers.items())
        return f"{self.model}: {self.n_rows:,} rows scored ({tiers}); the scores are in {self.output}."

    def as_json(self) -> dict[str, Any]:
        return {"model": self.model, "rows": self.n_rows, "output": str(self.output), "tiers": self.tiers}


def score_table(*, model: str, source: Path, output: Path) -> TableScores:
    """Write a CSV of row (from 1), pd, tier and, of a scorecard, points for each row of the source; linear in the rows.

    Raises ModelNotAccepted for an unknown model, ModelTampered where its bytes changed, and TableRefused where the model was not
    trained on a table, columns are missing, or the output is there already.
    """
    version = find_model(model)
    if version.specification is None:
        raise TableRefused(f"{model} was trained on the ledger: score_loans scores with it.")
    if output.exists():
        raise TableRefused(f"{output}: is there already; name another file.")
    specification = _specification_of(version)
    frame = read_table(source)
    try:
        x = apply_specification(specification, frame)
    except ColumnsMissing as error:
        raise TableRefused(str(error)) from error
    pd_of_rows = run_session(load_session(version), x)
    tiers = [version.tier_of(float(p)) for p in pd_of_rows]
    result = pd.DataFrame({"row": range(1, len(frame) + 1), "pd": pd_of_rows.round(6), "tier": tiers})
    if version.curves.get("points"):
        result["points"] = points_of_probabilities(pd_of_rows)
    result.to_csv(output, index=False)
    counts = result["tier"].value_counts()
    return TableScores(model, len(frame), output, {tier: int(counts[tier]) for tier in Tier.values if tier in counts})


def _specification_of(version: ModelVersion) -> Specification:
    """Return how the columns become features, if it is what was registered: its hash is the model's feature set."""
    try:
        specification = specification_from_json(version.specification)
    except ValueError as error:
        raise ModelTampered(f"The specification of model {version.name} cannot be read: {error}") from error
    names = [name[:LONGEST_NAME] for name in specification.features]
    if version.feature_set != f"table:{specification.hash}" or names != list(version.feature_names):
        raise ModelTampered(f"The specification of model {version.name} is not the one that was registered.")
    return specification
