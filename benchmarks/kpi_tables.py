#!/usr/bin/env python
"""What candidates reach on labelled tables under honest splits: AUC, precision and recall at the threshold of the inner folds.

Real tables lie in --data, one folder each; those that are absent are passed over. Near copies of rows stay on one side, columns
that the guard drops are left out, those that it would ask about stay in and are named. Panels (cc_monthly_status,
dcr_mortgage_panel) are cut into cases first, each as known on its day, and split by time with one horizon between.
superlender_ng is a ledger: docs/examples/superlender.toml imports it, and train_models --at approved_on trains on it. One JSON
line per table and candidate; reference is the best AUC known of it.

    .venv/bin/python benchmarks/kpi_tables.py --data ../shared/data --only hmeq --runs 5
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "creditpath.settings")

import django

django.setup()

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scoring.ml.leaks.leak import ASKED
from scoring.ml.leaks.table import find_table_leaks
from scoring.ml.specification.applying import type_columns
from scoring.ml.specification.learning import learn_specification
from scoring.ml.splits import Split
from scoring.ml.tables import OUTER_FOLDS, evaluate_table, find_groups
from scoring.ml.tuning import Procedure
from scoring.tables.reading import take_target

Frame = pd.DataFrame
TESTED_OWNERS = 0.4
CASES_EVERY = 3  # months of a card account: neighbouring cases tell much the same


@dataclass(frozen=True)
class Labelled:
    """A table as text with its target; where it is a panel, the instant of each case and whose it is."""

    frame: Frame
    target: str
    bad: str
    time: NDArray[np.int64] | None = None
    horizon: int = 0
    owner: NDArray[np.int64] | None = None


def plain(file: str, target: str, bad: str) -> Callable[[Path], Labelled]:
    """Return a reader of a table with a header."""
    return lambda data: Labelled(pd.read_csv(data / file, dtype=str, keep_default_na=False), target, bad)


def read_german(data: Path) -> Labelled:
    table = pd.read_csv(data / "german/german.data", sep=" ", header=None, dtype=str)
    table.columns = [f"c{n}" for n in table.columns]
    return Labelled(table, "c20", "2")


def read_taiwan(data: Path) -> Labelled:
    table = pd.read_csv(data / "taiwan/creditcard_default.csv.gz", dtype=str, keep_default_na=False)
    return Labelled(table, table.columns[-1], "1")


def read_cards(data: Path) -> Labelled:
    """Cut card accounts into cases: months without 30 days past due, bad where they come within six months; by applicant."""
    folder = data / "cc_monthly_status"
    months = pd.read_csv(folder / "credit_record.csv.gz").sort_values(["ID", "MONTHS_BALANCE"], ignore_index=True)
    account = months["ID"].to_numpy()
    level = months["STATUS"].map({"X": -2, "C": -1}).fillna(pd.to_numeric(months["STATUS"], errors="coerce")).to_numpy()
    grouped = months.assign(level=level, late=level >= 0, arrears=level >= 1).groupby("ID")
    table = pd.DataFrame({"status": months["STATUS"], "month_on_book": grouped.cumcount()})
    for n in (1, 2, 3, 6):
        table[f"status_{n}_before"] = grouped["STATUS"].shift(n)
    for name in ("late", "arrears"):
        table[f"times_{name}"] = grouped[name].cumsum()
        for n in (3, 6, 12):
            table[f"{name}_in_{n}"] = grouped[name].rolling(n, min_periods=1).sum().to_numpy()
    table["worst"] = grouped["level"].cummax()
    last_late = months["MONTHS_BALANCE"].where(level >= 0).groupby(account).ffill()
    table["months_since_late"] = months["MONTHS_BALANCE"] - last_late
    worst_to_come = pd.concat([grouped["level"].shift(-n) for n in range(1, 7)], axis=1)
    table["bad"] = (worst_to_come.max(axis=1) >= 1).astype(int)
    people = pd.read_csv(folder / "application_record.csv.gz", dtype=str, keep_default_na=False).drop_duplicates("ID")
    applicant = people.drop(columns="ID").agg("|".join, axis=1)
    owner = pd.factorize(pd.Series(account).map(dict(zip(people["ID"].astype(int), applicant, strict=True))).fillna(
        pd.Series(account).astype(str)
    ))[0].astype(np.int64)  # fmt: skip
    is_case = (level < 1) & worst_to_come.iloc[:, -1].notna() & (table["month_on_book"] >= 1)
    is_case &= (months["MONTHS_BALANCE"] + table["month_on_book"]) % CASES_EVERY == 0
    rows = np.flatnonzero(is_case)
    frame = table.iloc[rows].astype(object).where(table.iloc[rows].notna(), "").astype(str).reset_index(drop=True)
    return Labelled(frame, "bad", "1", months["MONTHS_BALANCE"].to_numpy()[rows], 6, owner[rows])


def read_mortgages(data: Path) -> Labelled:
    """Cut mortgages into cases: a quarter of a loan that goes on, bad where it defaults within four quarters."""
    table = pd.read_csv(data / "dcr_mortgage_panel/dcr.csv.gz", dtype=str, keep_default_na=False)
    time, loan = pd.to_numeric(table["time"]), pd.to_numeric(table["id"])
    defaulted = pd.to_numeric(table["default_time"]) == 1
    day_of_default = loan.map(time[defaulted].groupby(loan[defaulted]).min())
    table["bad"] = (day_of_default.sub(time).between(1, 4)).astype(int).astype(str)
    rows = np.flatnonzero(~defaulted & (time <= time.max() - 4))
    frame = table.iloc[rows].drop(columns=["id"]).reset_index(drop=True)
    return Labelled(
        frame, "bad", "1", time.to_numpy()[rows].astype(np.int64), 4, loan.to_numpy()[rows].astype(np.int64)
    )


TABLES: dict[str, tuple[Callable[[Path], Labelled], float]] = {
    "hmeq": (plain("hmeq/hmeq.csv", "BAD", "1"), 0.93),
    "german": (read_german, 0.79),
    "taiwan": (read_taiwan, 0.783),
    "gmsc": (plain("gmsc/cs-training.csv.gz", "SeriousDlqin2yrs", "1"), 0.866),
    "cc_monthly_status": (read_cards, 0.867),
    "dcr_mortgage_panel": (read_mortgages, 0.684),
    "bank_marketing": (plain("bank_marketing/bank_marketing.csv.gz", "y", "yes"), 0.802),
    "credit_risk_dataset": (plain("credit_risk_dataset/credit_risk_dataset.csv", "loan_status", "1"), 0.950),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), metavar="DIR", help="where the tables lie")
    parser.add_argument("--only", nargs="+", choices=TABLES, default=list(TABLES), help="these tables alone")
    parser.add_argument("--runs", type=int, default=1, metavar="N", help="rounds of five outer folds (default 1)")
    parser.add_argument(
        "--trials", type=int, default=2, metavar="N", help="settings tried per algorithm and fit (default 2)"
    )
    parser.add_argument(
        "--without-asked", action="store_true", help="leave out what the guard asks about, as where nobody answers"
    )
    options = parser.parse_args()
    for name in options.only:
        read, reference = TABLES[name]
        if not (options.data / name).is_dir():
            print(f"{name} is absent, passed over", file=sys.stderr)
            continue
        measure(
            name,
            read(options.data),
            reference,
            runs=options.runs,
            trials=options.trials,
            with_asked=not options.without_asked,
        )


def measure(name: str, labelled: Labelled, reference: float, *, runs: int, trials: int, with_asked: bool) -> None:
    began = time.monotonic()
    frame, y, _ = take_target(labelled.frame, labelled.target, labelled.bad)
    specification = learn_specification(frame)
    typed = type_columns(specification, frame)
    leaks = find_table_leaks(specification, typed, y)
    dropped = [
        leak.column
        for leak in leaks
        if leak.column in frame and (leak.action.startswith("dropped") or (leak.action == ASKED and not with_asked))
    ]
    split, twins = by_time(labelled), None
    if labelled.owner is not None:
        groups = labelled.owner
    else:
        twins = find_groups(typed)
        groups = twins.cluster if twins is not None else np.arange(len(y), dtype=np.int64)
    evaluation = evaluate_table(
        frame.drop(columns=dropped), y, groups, split=split, repeats=runs, procedure=Procedure(trials=trials)
    )
    for one in evaluation.candidates.values():
        print(
            json.dumps(
                {
                    "figure": f"{name}_{one.algorithm}", "auc": round(one.figures.auc, 4), "reference": reference,
                    "rows": len(y), "bad": round(float(y.mean()), 4),
                    "split": split.words if split else f"{OUTER_FOLDS} folds", "whole_seconds": round(time.monotonic() - began),
                    "spread": round(one.spread, 4),
                    "precision": round(one.figures.precision, 3), "recall": round(one.figures.recall, 3),
                    "twins": round(twins.share, 3) if twins else None, "runs": runs, "seconds": round(one.seconds, 1),
                    "leaks": [f"{leak.column}: {leak.kind}, {leak.action}" for leak in leaks],
                }
            ), flush=True,
        )  # fmt: skip


def by_time(labelled: Labelled) -> Split | None:
    """Return the last 30 % of instants to test on and those a horizon before to train on; each owner is drawn to one side."""
    if labelled.time is None:
        return None
    edge = np.quantile(labelled.time, 0.7)
    test, train = labelled.time > edge, labelled.time <= edge - labelled.horizon
    if labelled.owner is not None:
        is_tested = np.random.default_rng(0).random(labelled.owner.max() + 1) < TESTED_OWNERS
        test, train = test & is_tested[labelled.owner], train & ~is_tested[labelled.owner]
    words = f"by time, {labelled.horizon} between, owners on one side: {train.sum():,} to train, {test.sum():,} to test"
    return Split(np.flatnonzero(train), np.flatnonzero(test), words)


if __name__ == "__main__":
    main()
