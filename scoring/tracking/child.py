"""The process that tells MLflow: `python -m scoring.tracking.child FOLDER`. It loads MLflow and nothing of the product."""

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

NOT_ALLOWED = re.compile(r"[^\w\-. /:]")
LONGEST_VALUE = 500


def main(folder: Path) -> None:
    """Log one run for each version in the folder."""
    import mlflow

    if schema := os.environ.get("CREDITPATH_MLFLOW_SCHEMA"):
        _make_schema(os.environ["MLFLOW_TRACKING_URI"], schema)
    mlflow.set_experiment(experiment_id=_find_experiment(mlflow))
    for one in sorted(folder.iterdir(), key=lambda path: int(path.name)):
        _log(mlflow, one, json.loads((one / "run.json").read_text(encoding="utf-8")))


def _make_schema(uri: str, schema: str) -> None:
    """Make the schema where it is missing, with what makes it locked: two trainings at once make it once."""
    import sqlalchemy

    engine = sqlalchemy.create_engine(uri)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("SELECT pg_advisory_xact_lock(hashtext('mlflow schema'))"))
        connection.execute(sqlalchemy.text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
    engine.dispose()


def _find_experiment(mlflow: Any) -> str:
    name = os.environ["CREDITPATH_MLFLOW_EXPERIMENT"]
    found = mlflow.get_experiment_by_name(name)
    if found is None:
        own = "CREDITPATH_MLFLOW_SCHEMA" in os.environ
        place = Path(os.environ["CREDITPATH_MLFLOW_FOLDER"]).as_uri() if own else None
        return str(mlflow.create_experiment(name, artifact_location=place))
    return str(found.experiment_id)


def _log(mlflow: Any, folder: Path, told: dict[str, Any]) -> None:
    from mlflow.data.code_dataset_source import CodeDatasetSource
    from mlflow.data.meta_dataset import MetaDataset

    with mlflow.start_run(run_name=told["name"]):
        mlflow.set_tags(told["tags"])
        mlflow.log_params({_name(key): str(value)[:LONGEST_VALUE] for key, value in told["parameters"].items()})
        mlflow.log_metrics({_name(key): value for key, value in told["metrics"].items()})
        # MLflow takes 36 characters of the hash; the tag has all of them.
        source = CodeDatasetSource(tags={"code_version": told["tags"]["code_version"]})
        dataset: Any = MetaDataset  # complete when it runs; its types call it abstract
        mlflow.log_input(dataset(source, name="training rows", digest=told["tags"]["data_sha256"][:36]), "training")
        for name in ("libraries", "findings", "features", "specification", "curves", "tuning"):
            if told[name]:
                mlflow.log_dict({name: told[name]}, f"{name}.json")
        _log_model(mlflow, folder / "model.onnx", told)
        _log_plots(mlflow, told["curves"])


def _log_model(mlflow: Any, path: Path, told: dict[str, Any]) -> None:
    import numpy as np
    import onnx
    from mlflow.models.signature import ModelSignature
    from mlflow.types.schema import Schema, TensorSpec

    mlflow.log_artifact(str(path))  # the registered bytes as they are: their sha256 is the tag
    matrix = TensorSpec(np.dtype(np.float32), (-1, len(told["features"])), "features")
    answer = TensorSpec(np.dtype(np.float32), (-1, 1), "pd")
    mlflow.onnx.log_model(
        onnx.load(str(path)), name="model",
        signature=ModelSignature(Schema([matrix]), Schema([answer])),
        pip_requirements=[f"onnxruntime=={told['libraries'].get('onnxruntime', '')}".rstrip("=")],
        save_as_external_data=False,
    )  # fmt: skip


def _log_plots(mlflow: Any, curves: dict[str, Any]) -> None:
    if not curves:
        return
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    lines = {
        "roc": ("Share of good called bad", "Share of bad called bad", curves.get("roc")),
        "precision_recall": ("Recall", "Precision", curves.get("pr")),
        "lift": ("Share of rows, highest scores first", "Share of bad rows among them", curves.get("lift")),
        "calibration": (
            "Mean probability of a grade", "Bad rate of a grade",
            [[one["mean_pd"], one["bad_rate"]] for one in curves.get("calibration") or []],
        ),
    }  # fmt: skip
    for name, (x, y, points) in lines.items():
        if not points:
            continue
        figure, axes = pyplot.subplots(figsize=(5, 4), layout="constrained")
        axes.plot(
            [point[0] for point in points], [point[1] for point in points], marker="." if len(points) < 30 else ""
        )
        if name != "precision_recall":
            axes.plot([0, max(point[0] for point in points)], [0, max(point[0] for point in points)], ":", color="grey")
        axes.set_xlabel(x)
        axes.set_ylabel(y)
        mlflow.log_figure(figure, f"plots/{name}.png")
        pyplot.close(figure)


def _name(key: str) -> str:
    return NOT_ALLOWED.sub("_", key)[:250]


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except Exception as error:  # told in one line: whoever reads the log of a training wants to know what is the matter
        line = " ".join(str(error).split())
        sys.exit(f"{type(error).__name__}: {re.sub(r'://[^@/ ]*@', '://', line)}")
