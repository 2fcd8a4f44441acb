"""What a hostile table or a tampered specification meets: text that stays text, one clear line, and never a trace."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from creditpath.errors import DomainError
from scoring.errors import ModelNotAccepted, ModelTampered
from scoring.models import ModelVersion
from scoring.registry.cards.files import write_html, write_markdown
from scoring.registry.services import register_model
from scoring.tables import services
from scoring.tables.services import score_table
from scoring.training.tables import train_table
from tests.models import PROOF, TIER_EDGES, logistic_graph

pytestmark = pytest.mark.django_db


def draw(**columns: list[str]) -> pd.DataFrame:
    """Return 400 rows of two numbers that tell the outcome, and columns that tell nothing."""
    random = np.random.default_rng(1)
    a, b = random.normal(size=(2, 400))
    bad = (random.random(400) < 1 / (1 + np.exp(1 - a - b / 2))).astype(int)
    frame = pd.DataFrame({"a": a.round(4), "b": b.round(4), "bad": bad})
    return frame.assign(**{name: random.choice(values, 400) for name, values in columns.items()})


def train(frame: pd.DataFrame, path: Path) -> ModelVersion:
    frame.to_csv(path, index=False)
    train_table(path=path, target="bad", bad="1", candidates=["logistic"])
    return ModelVersion.objects.latest("id")


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "=cmd|' /C calc'!A0", "../../x", "{% debug %}", "%s", "'; --"]
)
def test_names_and_cells_that_would_run_stay_text(name: str, tmp_path: Path) -> None:
    model = train(draw(**{name: ["=1+1", "<img src=x onerror=alert(1)>"]}), tmp_path / "t.csv")
    page = write_html(model)
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "<img" not in write_markdown(model)
    score_table(model=model.name, source=tmp_path / "t.csv", output=tmp_path / "o.csv")
    assert list(pd.read_csv(tmp_path / "o.csv").columns) == ["row", "pd", "tier", "points"]


@pytest.mark.parametrize(
    "values",
    [["inf", "-inf", "1"], ["nan", "2"], ["9" * 400, "1e400", "3"], ["3.5e38", "-3.5e38", "1"], [str(2**70), "1"]],
)
def test_numbers_beyond_all_measure_give_probabilities(values: list[str], tmp_path: Path) -> None:
    model = train(draw(c=values), tmp_path / "t.csv")
    score_table(model=model.name, source=tmp_path / "t.csv", output=tmp_path / "o.csv")
    assert pd.read_csv(tmp_path / "o.csv")["pd"].between(0, 1).all()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a,b,bad\r" + b"1,2,0\r3,4,1\r" * 60, "has a header that cannot be read"),
        (b"\x00a,b,bad\n" + b"1,2,0\n3,4,1\n" * 60, "characters of code 0"),
        (b"a,b,bad\n" + b"1,\x00,0\n3,4,1\n" * 60, "characters of code 0"),
        ("a,näme,bad\n".encode() + b"1,x,0\n" * 60 + b"2,\xfc,1\n" * 60, "is not UTF-8"),
        (bytes(range(256)) * 50, "is not UTF-8"),
        (",".join(f"c{n}" for n in range(1_000_000)).encode() + b",bad\n1\n", "5,000 are the most"),
    ],
)
def test_what_is_no_table_gets_one_line(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(DomainError) as refusal:
        train_table(path=path, target="bad", bad="1", candidates=["logistic"])
    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 400


def damages(good: dict[str, Any]) -> list[Any]:
    """Return specifications that are none, or not the one that was registered."""
    found: list[Any] = [[], {}, {"version": 1}, good | {"version": 2}, good | {"columns": "x"}, good | {"columns": [1]}]
    for key in good["columns"][0]:
        for value in (None, "x", -5, [1], ["x"], {"a": 1}):
            changed = copy.deepcopy(good)
            changed["columns"][0][key] = value
            found.append(changed)
    return [*found, good | {"columns": good["columns"] * 2}, good | {"columns": good["columns"][:1]}]


def test_a_specification_that_is_not_the_registered_one_scores_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = train(draw(), tmp_path / "t.csv")
    monkeypatch.setattr(services, "find_model", lambda name: model)
    good = model.specification
    assert good is not None
    for damaged in damages(good):
        model.specification = damaged
        with pytest.raises(ModelTampered, match=r"^The specification of model [^\n]*$"):
            score_table(model=model.name, source=tmp_path / "t.csv", output=tmp_path / "o.csv")
    assert not (tmp_path / "o.csv").exists()


@pytest.mark.parametrize(
    "specification", [{}, {"version": 1, "columns": []}, {"version": 1, "columns": [{"name": "a"}]}]
)
def test_a_specification_that_makes_other_features_is_not_registered(specification: dict[str, Any]) -> None:
    with pytest.raises(ModelNotAccepted, match="pecification"):
        register_model(
            purpose="table:x", algorithm="logistic", onnx=logistic_graph(), target={}, data_window={}, metrics={}, parity=PROOF,
            threshold=0.2, tier_edges=TIER_EDGES, is_simulated=True, feature_set="table:x", specification=specification,
        )  # fmt: skip
