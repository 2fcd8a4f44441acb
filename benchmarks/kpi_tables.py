#!/usr/bin/env python
"""What candidates reach on labelled tables under honest splits: AUC, precision and recall at the threshold of the inner folds.

Real tables lie in --data, one folder each; those that are absent are passed over. Near copies of rows stay on one side, columns
that the guard drops are left out, those that it would ask about stay in and are named. One JSON line per table and candidate.

    .venv/bin/python benchmarks/kpi_tables.py --data ../shared/data --only hmeq --runs 5
"""

import argparse
import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "creditpath.settings")

import django

django.setup()

import numpy as np
import pandas as pd

from scoring.ml.leaks.table import find_table_leaks
from scoring.ml.specification.applying import type_columns
from scoring.ml.specification.learning import learn_specification
from scoring.ml.tables import evaluate_table, find_groups
from scoring.tables.reading import take_target

TABLES = {
    "hmeq": ("hmeq/hmeq.csv", "BAD", "1"),
    "german": ("german/german.data", "c20", "2"),
    "taiwan": ("taiwan/creditcard_default.csv.gz", None, "1"),
    "gmsc": ("gmsc/cs-training.csv.gz", "SeriousDlqin2yrs", "1"),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), metavar="DIR", help="where the tables lie")
    parser.add_argument("--only", nargs="+", choices=TABLES, default=list(TABLES), help="these tables alone")
    parser.add_argument("--runs", type=int, default=1, metavar="N", help="rounds of five outer folds (default 1)")
    options = parser.parse_args()
    for name in options.only:
        file, target, bad = TABLES[name]
        if not (options.data / file).exists():
            print(f"{name}: {file} is absent, passed over", file=sys.stderr)
            continue
        measure(name, options.data / file, target, bad, runs=options.runs)


def measure(name: str, path: Path, target: str | None, bad: str, *, runs: int) -> None:
    if path.suffix == ".data":
        table = pd.read_csv(path, sep=" ", header=None, dtype=str)
        table.columns = [f"c{n}" for n in table.columns]
    else:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    frame, y, _ = take_target(table, target or table.columns[-1], bad)
    specification = learn_specification(frame)
    typed = type_columns(specification, frame)
    leaks = find_table_leaks(specification, typed, y)
    dropped = [leak.column for leak in leaks if leak.action.startswith("dropped") and leak.column in frame]
    twins = find_groups(typed)
    groups = twins.cluster if twins is not None else np.arange(len(y), dtype=np.int64)
    evaluation = evaluate_table(frame.drop(columns=dropped), y, groups, repeats=runs)
    for one in evaluation.candidates.values():
        print(
            json.dumps(
                {
                    "figure": f"{name}_{one.algorithm}", "auc": round(one.figures.auc, 4), "spread": round(one.spread, 4),
                    "precision": round(one.figures.precision, 3), "recall": round(one.figures.recall, 3),
                    "twins": round(twins.share, 3) if twins else None, "runs": runs, "seconds": round(one.seconds, 1),
                    "leaks": [f"{leak.column}: {leak.kind}, {leak.action}" for leak in leaks],
                }
            ), flush=True,
        )  # fmt: skip


if __name__ == "__main__":
    main()
