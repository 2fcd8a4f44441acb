"""Labelled tables: cells become features by a specification, leaks are named, twins stay together, files are scored alike."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from django.core.management import CommandError, call_command

from scoring.ml.leaks.names import proves
from scoring.ml.leaks.table import find_table_leaks
from scoring.ml.specification.applying import ColumnsMissing, apply_specification, type_columns
from scoring.ml.specification.learning import learn_specification
from scoring.ml.specification.parsing import read_numbers
from scoring.ml.specification.schema import specification_from_json
from scoring.ml.twins import find_twins
from scoring.models import ModelVersion
from scoring.registry.cards.files import write_html, write_markdown
from scoring.registry.services import load_session, run_session
from scoring.tables.errors import TableRefused
from scoring.tables.services import score_table
from scoring.tracking.services import describe
from scoring.training import tables
from scoring.training.tables import train_table

N = 900


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """A made-up lender's table: two columns that tell something, dirt, an identifier, and a leak by name."""
    random = np.random.default_rng(1)
    debt, income = random.normal(size=N), random.lognormal(10, 1, size=N)
    bad = random.random(N) < 1 / (1 + np.exp(1.2 - 1.6 * debt))
    job = np.where(random.random(N) < 0.5, "clerk", "farmer")
    return pd.DataFrame(
        {
            "id": [str(1000 + n) for n in range(N)],
            "debt": [f"{100 * value:.1f}%" for value in debt],
            "income": [f"${value:,.2f}" if n % 7 else "" for n, value in enumerate(income)],
            "job": job,
            "years": np.where(random.random(N) < 0.3, "10+ years", "2 years"),
            "recoveries": np.where(bad, "120", "0"),
            "bad": np.where(bad, "yes", "no"),
        }
    )


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("10+ years", 10), ("< 1 year", 0.5), ("12.5%", 12.5), ("$1,234.50", 1234.5), ("(15)", -15), ("1yrs 11mon", 23),
        ("USD 7", 7), ("-3", -3), ("1e3", 1000), ("abc", np.nan), ("12 of 13", np.nan),
    ],
)  # fmt: skip
def test_cells_are_read_as_numbers(cell: str, number: float) -> None:
    assert read_numbers(pd.Series([cell]))[0] == pytest.approx(number, nan_ok=True)


def test_specification_is_json_and_gives_the_same_features_from_it(table: pd.DataFrame) -> None:
    specification = learn_specification(table.drop(columns="bad"))
    again = specification_from_json(json.loads(json.dumps(specification.as_json())))
    assert "id" not in specification.features
    assert {"debt", "income", "job = clerk", "years"} <= set(specification.features)
    x = apply_specification(specification, table)
    np.testing.assert_array_equal(x, apply_specification(again, table))
    assert np.isnan(x[:, specification.features.index("income")]).sum() == (table["income"] == "").sum()
    unseen = apply_specification(again, table.head(1).assign(job="astronaut"))
    assert unseen[0, [name.startswith("job") for name in again.features]].sum() == 0
    with pytest.raises(ColumnsMissing, match="'debt'"):
        apply_specification(again, table.drop(columns="debt"))


def test_codes_that_stand_far_off_count_as_missing_and_are_kept_as_flags() -> None:
    random = np.random.default_rng(0)
    counts = [*random.integers(0, 9, size=500).astype(str), *["98"] * 10]
    specification = learn_specification(pd.DataFrame({"late": counts}))
    x = apply_specification(specification, pd.DataFrame({"late": ["98", "3"]}))
    assert specification.features == ["late", "late = 98"]
    np.testing.assert_array_equal(x, [[np.nan, 1], [3, 0]])


def test_near_copies_are_in_one_cluster_and_distinct_rows_are_not() -> None:
    random = np.random.default_rng(0)
    numbers = random.normal(size=(300, 6))
    copies = numbers + random.uniform(-0.05, 0.05, size=numbers.shape)
    copies[::3, 2] = np.nan
    categories = np.tile(random.integers(3, size=(300, 1)), (2, 1))
    twins = find_twins(np.vstack([numbers, copies]), categories)
    assert twins is not None
    np.testing.assert_array_equal(twins.cluster[:300], twins.cluster[300:])
    assert twins.n_clusters > 250


def test_columns_too_coarse_to_tell_rows_apart_make_no_twins() -> None:
    coarse = np.random.default_rng(0).lognormal(0, 4, size=(400, 3))  # a few giants make all others alike
    assert find_twins(coarse, np.empty((400, 0), np.int64)) is None


def leaks_of(frame: pd.DataFrame, y: np.ndarray) -> dict[str, tuple[str, str]]:
    specification = learn_specification(frame)
    found = find_table_leaks(specification, type_columns(specification, frame), y.astype(np.int8))
    return {leak.column: (leak.kind, leak.action) for leak in reversed(found)}  # the gravest of each


def test_each_kind_of_leak_is_named() -> None:
    random = np.random.default_rng(2)
    n = 2_000
    y = (random.random(n) < 0.3).astype(int)
    value = random.uniform(1_000, 9_000, size=n)
    frame = pd.DataFrame(
        {
            "days_in_call_centre": np.where(y == 1, random.normal(9, 1, n), random.normal(1, 1, n))
            .round(3)
            .astype(str),
            "rounded": [f"{v:.0f}" if bad else f"{v:.2f}" for v, bad in zip(value, y, strict=True)],
            "exit_code": np.where((y == 1) & (random.random(n) < 0.4), "-999", random.integers(0, 50, n).astype(str)),
            "closed_reason": np.where((y == 1) & (random.random(n) < 0.7), "sold", ""),
            "loss_given_default": random.random(n).round(3).astype(str),
            "reference": [f"{'B' if bad else 'G'}{k:05}" for k, bad in enumerate(y)],
            "income": np.where(
                random.random(n) < np.where(y == 1, 0.5, 0.1), "", random.lognormal(9, 1, n).round(2).astype(str)
            ),
            "age": random.integers(18, 80, n).astype(str),
        }
    )
    found = leaks_of(frame, y)
    assert {column: kind for column, (kind, _) in found.items()} == {
        "days_in_call_centre": "near_perfect_predictor", "rounded": "format_by_class", "exit_code": "sentinel_of_one_class",
        "closed_reason": "filled_by_class", "loss_given_default": "post_outcome_name", "reference": "target_in_identifier",
        "income": "predictive_missingness",
    }  # fmt: skip
    assert found["loss_given_default"][1] == "dropped"
    assert found["rounded"][1] == "asked"
    assert found["income"][1].endswith("kept")


def test_all_that_is_found_in_a_column_is_told_and_it_is_asked_about_once() -> None:
    random = np.random.default_rng(5)
    n = 2_000
    y = (random.random(n) < 0.3).astype(np.int8)
    value = random.uniform(1_000, 9_000, size=n)
    cells = [f"{v:.0f}" if bad else f"{v:.2f}" for v, bad in zip(value, y, strict=True)]
    frame = pd.DataFrame({"amount": np.where((y == 1) & (random.random(n) < 0.2), "-999", cells)})
    specification = learn_specification(frame)
    found = find_table_leaks(specification, type_columns(specification, frame), y)
    assert [leak.kind for leak in found] == ["sentinel_of_one_class", "format_by_class"]

    questions = []
    out, asked, decided = tables._decide(
        found, keep=set(), drop=set(), decide=lambda leak: bool(questions.append(leak))
    )
    assert (len(questions), out, asked) == (1, {"amount"}, [])
    assert all(leak.evidence in questions[0].evidence for leak in found)
    assert {leak.action for leak in decided} == {"dropped after asking"}
    out, asked, _ = tables._decide(found, keep=set(), drop=set(), decide=None)
    assert (out, asked) == ({"amount"}, ["amount"])


def test_format_is_a_leak_where_equal_values_are_written_differently_and_else_the_value() -> None:
    random = np.random.default_rng(4)
    bad = random.random(2_000) < 0.3
    status = np.where(random.random(2_000) < np.where(bad, 0.9, 0.1), "1", "C")
    job = np.where(random.random(2_000) < 0.5, "clerk", "farmer")
    written = np.where(random.random(2_000) < np.where(bad, 0.8, 0.1), np.char.upper(job), job)
    frame = pd.DataFrame({"status": status, "job": written, "noise": random.normal(size=2_000).round(3).astype(str)})
    specification = learn_specification(frame)
    leaks = find_table_leaks(specification, type_columns(specification, frame), bad.astype(np.int8))
    assert {leak.column for leak in leaks if leak.kind == "format_by_class"} == {"job"}
    assert "status" not in {leak.column for leak in leaks}


@pytest.mark.parametrize(
    ("name", "others", "is_leak"),
    [
        ("duration", ["contact", "campaign"], True), ("duration", ["amount", "age"], False),
        ("collection_recovery_fee", [], True),
        ("total_bal_ex_mort", [], False), ("cb_person_default_on_file", [], False), ("previous_loans_settled", [], False),
        ("max_dpd_next_12m", [], True), ("chargeOffDate", [], True), ("LTV_time", [], False),
    ],
)  # fmt: skip
def test_names_prove_only_what_they_say(name: str, others: list[str], is_leak: bool) -> None:
    assert bool(proves(name, [name, *others])) is is_leak


@pytest.mark.django_db
def test_a_table_is_trained_registered_and_scored_from_the_register_alone(table: pd.DataFrame, tmp_path: Path) -> None:
    source, output = tmp_path / "lender.csv", tmp_path / "scores.csv"
    table.to_csv(source, index=False)
    report = train_table(path=source, target="bad", candidates=["logistic"])
    assert [(leak["column"], leak["action"]) for leak in report.leaks if leak["kind"] == "post_outcome_name"] == [
        ("recoveries", "dropped")
    ]
    model = ModelVersion.objects.get()
    assert (model.purpose, model.name, report.candidates[0].auc > 0.7) == (
        "table:lender",
        "table:lender-logistic-1",
        True,
    )
    assert not [name for name in model.feature_names if name.startswith("recoveries")]
    scores = score_table(model=model.name, source=source, output=output)
    written = pd.read_csv(output)
    assert (scores.n_rows, len(written)) == (N, N)
    assert written["pd"][table["bad"] == "yes"].mean() > written["pd"][table["bad"] == "no"].mean() + 0.1
    with pytest.raises(TableRefused, match="is there already"):
        score_table(model=model.name, source=source, output=output)
    check_points(model, table, written)


def check_points(model: ModelVersion, table: pd.DataFrame, written: pd.DataFrame) -> None:
    """Add up the points that are kept with the version, as a clerk would, and hold them against its registered graph."""
    points, x = model.curves["points"], apply_specification(specification_from_json(model.specification), table)
    total = np.full(len(x), points["base"])
    for k, feature in enumerate(points["features"]):
        bins = np.searchsorted(np.array(feature["edges"], dtype=np.float32), x[:, k])
        values = np.array([*feature["points"], 0])[np.minimum(bins, len(feature["points"]))]
        total += np.where(np.isnan(x[:, k]), feature["missing"], values)
    p = run_session(load_session(model), x).astype(np.float64)
    exact = 600 + 20 * np.log2((1 - p) / p / 50)
    halves = 0.5 * (1 + len(points["features"]))
    assert np.abs(total - exact).max() <= halves
    assert np.abs(total - exact).mean() <= np.sqrt(halves)
    assert np.abs(written["points"] - exact).max() <= 0.51
    for card in (write_html(model), write_markdown(model)):
        assert f"{points['base']} points before any feature" in card
        assert "600 stand for 50 good ones to a bad one" in card
        assert "the target asks for both, and no costs were stated" in card


@pytest.mark.parametrize(
    ("rises", "falls", "why"),
    [
        (["job"], [], "job is none"),
        (["nothing"], [], "nothing is none"),
        (["debt"], ["debt"], "cannot both rise and fall"),
    ],
)
def test_a_direction_that_makes_no_sense_is_refused_in_one_line(
    table: pd.DataFrame, tmp_path: Path, rises: list[str], falls: list[str], why: str
) -> None:
    table.to_csv(tmp_path / "lender.csv", index=False)
    with pytest.raises(CommandError, match=why):
        call_command("train_models", table=tmp_path / "lender.csv", target="bad", rises=rises, falls=falls)


def test_directions_of_the_ledger_are_shipped() -> None:
    with pytest.raises(CommandError, match="those of the ledger are shipped"):
        call_command("train_models", rises=["days_past_due"])


@pytest.mark.parametrize(
    "words", [["--trials", "0"], ["--trials", "2.5"], ["--seconds", "nan"], ["--costs", "1", "-2"]]
)
def test_a_budget_or_cost_that_is_none_is_refused_in_one_line(words: list[str]) -> None:
    with pytest.raises(CommandError, match="number above zero"):
        call_command("train_models", *words)


@pytest.mark.parametrize("weights", ["heavy", "0", "-3", "nan", "inf", "1e9"])
def test_class_weights_that_are_none_are_refused_in_one_line(weights: str) -> None:
    with pytest.raises(CommandError, match="neither balanced nor a number from"):
        call_command("train_models", "--class-weights", weights)


@pytest.mark.django_db
def test_budget_costs_simulation_and_points_reach_the_register(table: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "made.csv"
    table.to_csv(path, index=False)
    output = io.StringIO()
    call_command(
        "train_models", table=path, target="bad", candidates=["logistic", "xgboost"], trials=3, costs=[1.0, 4.0], simulated=True,
        class_weights="balanced",
        rises=["debt"],
        json=True, stdout=output,
    )  # fmt: skip
    told = json.loads(output.getvalue())
    assert "simulated" in told["warnings"][0]
    card, trees = (ModelVersion.objects.get(algorithm=name) for name in ("logistic", "xgboost"))
    assert card.is_simulated
    assert trees.parameters["tuning"]["tried"] == 3
    assert "1 a false alarm and 4 a missed one" in trees.metrics["threshold_chosen"]
    tuning, logged = trees.parameters["tuning"], describe(trees)
    assert [bool(one["settings"]) for one in tuning["attempts"]] == [False, True, True], (
        "the shipped settings come first"
    )
    assert tuning["log_loss"] == min(one["log_loss"] for one in tuning["attempts"])
    assert (logged["tuning"], logged["metrics"]["tuning.tried"]) == (tuning["attempts"], 3.0)
    assert logged["parameters"]["tuning.class_weights.asked"] == "balanced"
    for version in (card, trees):
        weighted = version.parameters["tuning"]["class_weights"]["event"]
        assert weighted > 1
        assert f"rows with the event count {weighted:.4g} times in the fit (balanced)" in write_html(version)
    assert "3 settings, 600 seconds" in write_markdown(trees)
    assert trees.parameters["directions"] == {"rises": ["debt"]}
    debt = next(one["points"] for one in card.curves["points"]["features"] if one["feature"] == "debt")
    assert debt == sorted(debt, reverse=True)
    for version in (card, trees):
        assert "Only rises with" in write_html(version)
    assert trees.curves["points"] is None
    assert {each["feature"] for each in card.curves["points"]["features"]} == set(card.feature_names)
    assert "points before any feature" in write_html(card)
    score_table(model=card.name, source=path, output=tmp_path / "scored.csv")
    scored = pd.read_csv(tmp_path / "scored.csv")
    assert scored["points"].corr(scored["pd"], method="spearman") < -0.99


@pytest.mark.django_db
def test_candidates_of_a_table_are_registered_together_or_not_at_all(
    table: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "made.csv"
    table.to_csv(path, index=False)
    kept = tables.register_model

    def fail_at_the_second(**fields: Any) -> ModelVersion:
        if ModelVersion.objects.exists():
            raise KeyboardInterrupt
        return kept(**fields)

    monkeypatch.setattr(tables, "register_model", fail_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        train_table(path=path, target="bad", candidates=["logistic", "xgboost"])
    assert not ModelVersion.objects.exists()


@pytest.mark.django_db
def test_what_nobody_can_be_asked_about_is_left_out_with_figures_beside(table: pd.DataFrame, tmp_path: Path) -> None:
    told = table.assign(mark=np.where(table["bad"] == "yes", "8", "3")).drop(columns="recoveries")
    told.to_csv(tmp_path / "lender.csv", index=False)
    out = io.StringIO()
    options = {
        "table": tmp_path / "lender.csv",
        "target": "bad",
        "candidates": ["logistic"],
        "json": True,
        "stdout": out,
    }
    call_command("train_models", **options)
    report = json.loads(out.getvalue())
    mark = next(leak for leak in report["leaks"] if leak["column"] == "mark")
    assert (mark["kind"], mark["action"].startswith("nobody to ask: left out")) == ("near_perfect_predictor", True)
    assert any(warning.startswith("With mark") and "AUC logistic 1.000" in warning for warning in report["warnings"])
    assert report["candidates"][0]["auc"] < 0.95


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("", "is empty; it needs a header row and data"), ("a,bad\n", "has a header and no rows"),
        ("a,b\n1,2\n", "no column 'bad'"),
        ("a,bad\n" + "1,\n" * 200, "is empty in every row"), ("a,bad\n1,1\n2,0\n3,1\n", "3 rows with a target are too few"),
        ("a,bad\n" + "1,yes\n" * 200, "same outcome"), ("a,bad\n" + ",1\n,0\n" * 100, "No column can be learned from"),
        (",".join(f"c{n}" for n in range(6_000)) + "\n", "the header has 6,000 columns"),
        ("a,bad\n" + "1,1\n2,2\n3,3\n" * 50, "has 3 values"),
    ],
)  # fmt: skip
def test_bad_tables_get_one_clear_line(content: str, line: str, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text(content)
    with pytest.raises(TableRefused) as refusal:
        train_table(path=tmp_path / "bad.csv", target="bad")
    assert line in refusal.value.detail
    assert "\n" not in refusal.value.detail
    assert not ModelVersion.objects.exists()
