"""The sections of a card that say how good, steady and fair a model is."""

from typing import Any

from django.db import connection

from creditpath.sql import load
from scoring.ml.fairness import FOUR_FIFTHS
from scoring.ml.stability import psi
from scoring.models import ModelVersion, MonitoredAttribute, ScoringRun, Segment
from scoring.registry.cards.charts import bar_chart, distribution_chart, line_chart
from scoring.registry.cards.sections import Section, Table, percent
from scoring.registry.references import LEFT_OUT, left_out_of
from scoring.thresholds import judge_psi, read_thresholds

# Whose scores are held against those of the training, which is to be told beside every PSI.
BASES = {
    "default": "Loans of 91 or more days past due are left out of the scores, as they were of the training.",
    "pays_30": "These are all loans that owe; the training had those alone of which something was due within 30 days.",
}
BASE_OF_OTHERS = "These are all loans that owe, on the day; the training had each loan on the day of its approval."
FIGURES = (
    ("auc", "AUC", "chance that a row with the event ranks above one without"),
    ("gini", "Gini", "2 AUC − 1"),
    ("ks", "KS", "largest gap of the two cumulative curves"),
    ("pr_auc", "PR AUC", "area under precision and recall"),
    ("brier", "Brier", "mean squared error of the probability"),
    ("ece", "ECE", "mean gap of predicted and observed rate by tenths"),
    ("log_loss", "Log-loss", ""),
    ("precision", "Precision", "at the threshold"),
    ("recall", "Recall", "at the threshold"),
)


def tell_performance(model: ModelVersion) -> Section:
    metrics = model.metrics
    rows = []
    for name, label, meaning in FIGURES:
        if isinstance(value := metrics.get(name), int | float):
            text = f"{value:.3f}"
            if name == "auc" and isinstance(metrics.get("auc_low"), float):
                text += f" (95 % from {metrics['auc_low']:.3f} to {metrics['auc_high']:.3f})"
            rows.append((label, text, meaning))
    words = [
        str(metrics.get("evaluated") or "On rows that neither fitting, tuning, calibration nor the threshold saw.")
    ]
    baseline = metrics.get("baseline") or {}
    if isinstance(baseline.get("auc"), float):
        line = f"Without a model, {baseline.get('column')} alone has an AUC of {baseline['auc']:.3f}"
        if isinstance(baseline.get("gain_low"), float):
            line += (
                f"; the model gains {baseline['gain']:+.3f} (95 % from {baseline['gain_low']:+.3f} to "
                f"{baseline['gain_high']:+.3f})"
            )
        words.append(f"{line}.")
    facts = (
        ("Threshold", ", ".join(filter(None, [f"{model.threshold:.4f}", metrics.get("threshold_chosen")]))),
        ("Tiers from", ", ".join(f"{one:.3f}" for one in model.tier_edges)),
    )
    return Section(
        "Figures", words=tuple(words), facts=facts, tables=(Table(("Figure", "Value", "Meaning"), tuple(rows)),)
    )


def tell_charts(model: ModelVersion) -> Section:
    curves = model.curves
    if not curves:
        return Section("Curves", empty="This version was registered before curves were kept: train again to see them.")
    bad_rate = sum(curves["scores"]["bad"]) / max(curves["n_rows"], 1)
    grades = curves["calibration"]
    most = min(1.0, 1.1 * max([0.01, *(max(one["high"], one["mean_pd"]) for one in grades)]))
    charts = [
        (
            "ROC",
            line_chart(
                [("a", curves["roc"])], title="ROC curve", x="called bad among the good", y="caught among the bad",
                diagonal=True,
            ),
        ),
        (
            "Precision and recall",
            line_chart([("a", curves["pr"])], title="Precision by recall", x="recall", y="precision", level=bad_rate),
        ),
        (
            "Calibration by grade",
            line_chart(
                [("a", [(one["mean_pd"], one["bad_rate"]) for one in grades])], title="Observed by predicted rate",
                x="predicted", y="observed, with 95 %", diagonal=True, most=most,
                ranges=[(one["mean_pd"], one["low"], one["high"]) for one in grades],
            ),
        ),
        (
            "Lift: caught by working the highest scores",
            line_chart(
                [("a", curves["lift"])], title="Share of bad rows by share of rows worked", x="rows worked",
                y="bad rows among them", diagonal=True,
            ),
        ),
        (
            "Scores of good and bad rows",
            distribution_chart(
                curves["scores"]["good"], curves["scores"]["bad"], curves["scores"]["edges"],
                title="Distribution of scores of good and bad rows",
            ),
        ),
    ]  # fmt: skip
    if curves.get("importance"):
        charts.append(
            (
                "Importance: mean contribution to the log-odds",
                bar_chart([tuple(one) for one in curves["importance"]], title="Importance of features"),
            )
        )
    words = (f"On {curves['n_rows']:,} rows: {curves.get('rows') or 'rows that it did not learn from'}.",)
    return Section("Curves", words=words, charts=tuple(charts))


def tell_calibration(model: ModelVersion) -> Section:
    curves = model.curves
    if not curves:
        return Section("Calibration by grade", empty="Not kept with this version.")
    rows = tuple(
        (
            str(number), f"{one['n']:,}", percent(one["mean_pd"]), percent(one["bad_rate"]),
            f"{percent(one['low'])} to {percent(one['high'])}",
            "yes" if one["low"] <= one["mean_pd"] <= one["high"] else "no",
        )
        for number, one in enumerate(curves["calibration"], start=1)
    )  # fmt: skip
    words = []
    if test := curves.get("calibration_test"):
        says = "the probabilities are off" if test["p"] < 0.05 else "nothing shows that the probabilities are off"
        words.append(
            f"Hosmer and Lemeshow: χ² {test['statistic']:.1f} with {test['dof']} degrees of freedom, p {test['p']:.3f}: {says}."
        )
    heads = ("Grade", "Rows", "Predicted", "Observed", "95 % of the observed", "Predicted within")
    return Section("Calibration by grade", words=tuple(words), tables=(Table(heads, rows),))


def tell_drift(model: ModelVersion) -> Section:
    drift = model.curves.get("drift")
    if not drift:
        return Section("Drift", empty="Not kept with this version.")
    thresholds = read_thresholds()
    of_scores = thresholds.get("score_psi")
    features = [(str(name), float(value)) for name, value in drift.get("features", [])]
    rows = tuple(
        (name, f"{value:.3f}", judge_psi(value, thresholds.get("feature_psi"))) for name, value in features[:10]
    )
    words = []
    if "score" in drift:
        words.append(
            f"From training to test rows the score has a PSI of {drift['score']:.3f}: {judge_psi(drift['score'], of_scores)}. "
            "Features that count history grow with the books, so that some drift is their nature."
        )
    if (run := _newest_run(model)) is not None and (found := _psi_of_run(run, model.curves["reference"])) is not None:
        words.append(
            f"From test rows to the {found[0]:,} scores as of {run.as_of}: PSI {found[1]:.3f}, {judge_psi(found[1], of_scores)}. "
            f"{BASES.get(model.purpose, BASE_OF_OTHERS)}"
        )
    charts = (("Drift of features: PSI, training to test", bar_chart(features[:10], title="Drift of features")),)
    return Section(
        "Drift", words=tuple(words), charts=charts if features else (),
        tables=(Table(("Feature", "PSI", "Verdict"), rows),) if rows else (),
    )  # fmt: skip


def _newest_run(model: ModelVersion) -> ScoringRun | None:
    batches = ScoringRun.objects.filter(model=model, kind=ScoringRun.Kind.BATCH, published_at__isnull=False)
    return batches.order_by("-id").first()


def _psi_of_run(run: ScoringRun, reference: dict[str, Any]) -> tuple[int, float] | None:
    """Return how many scores of a run are held against those of the test rows, and their PSI; one query over the run's scores."""
    with connection.cursor() as cursor:
        cursor.execute(
            load("scoring", "monitoring/score_bins.sql"),
            {"edges": reference["edges"], "runs": [run.pk], "shadow": None, **left_out_of(run.model)},
        )
        counts = dict(cursor.fetchall())
    counts.pop(LEFT_OUT, None)
    total = sum(counts.values())
    if not total or not reference["edges"]:
        return None
    shares = reference["shares"][: len(reference["edges"]) + 1]
    return total, psi(shares, [counts.get(number, 0) / total for number in range(len(shares))])


def tell_segments(model: ModelVersion) -> Section:
    found = model.metrics.get("by_segment") or {}
    in_order = [
        (name, found[name]) for name in [*Segment.values, *sorted(found.keys() - set(Segment.values))] if name in found
    ]
    rows = tuple(
        (
            str(name), f"{one['n_rows']:,}", percent(one["bad_rate"]), percent(one["mean_pd"]),
            f"{one['auc']:.3f}" if "auc" in one else "too few rows",
        )
        for name, one in in_order
        if isinstance(one, dict) and {"n_rows", "bad_rate", "mean_pd"} <= one.keys()
    )  # fmt: skip
    if not rows:
        return Section("By segment", empty="It was not measured by segment.")
    return Section("By segment", tables=(Table(("Segment", "Rows", "Observed", "Predicted", "AUC"), rows),))


def tell_fairness(model: ModelVersion) -> Section:
    """Return the newest reading of each attribute."""
    readings = model.fairness.select_related("attribute").order_by("attribute__source", "attribute__name", "-id")
    newest = list(readings.distinct("attribute__source", "attribute__name"))
    if not newest:
        watched = ", ".join(row.name for row in MonitoredAttribute.objects.current())
        said = f"Monitored: {watched}. " if watched else "No attribute is monitored. "
        return Section("Fairness", empty=f"{said}Not measured yet: manage.py measure_fairness {model.name}.")
    tables = []
    meaning = (
        f"Called bad means a probability of at least {model.threshold:.3f}. Contacted means that the lender began a contact "
        "within 30 days after the observation day, whatever rule chose whom. None of these attributes is a feature unless it is "
        "named under leaks as kept."
    )
    words = [meaning]
    for one in newest:
        seen = "" if one.is_unseen else " Some of the rows were learned from."
        words.append(
            f"By {one.attribute.name}, {one.n_rows:,} rows from {one.first_day} to {one.last_day}: selection-rate ratio "
            f"{_figure(one.selection_ratio)}{_four_fifths(one.selection_ratio)}, gap of true positive rates "
            f"{_figure(one.tpr_gap)}; of contacts: ratio {_figure(one.contact_ratio)}{_four_fifths(one.contact_ratio)}, gap "
            f"{_figure(one.contact_tpr_gap)}.{seen}"
        )
        rows = tuple(
            (
                str(group["name"]), f"{group['n_rows']:,}", f"{group['n_bad']:,}", percent(group["mean_pd"]),
                *(percent(group[name]) or "too few" for name in ("selection_rate", "tpr", "contact_rate", "contact_tpr")),
            )
            for group in one.groups
        )  # fmt: skip
        heads = (
            one.attribute.name.replace("_", " "), "Rows", "With the event", "Predicted", "Called bad", "Of the bad, called bad",
            "Contacted", "Of the bad, contacted",
        )  # fmt: skip
        tables.append(Table(heads, rows))
    return Section("Fairness", words=tuple(words), tables=tuple(tables))


def _figure(value: float | None) -> str:
    return "too few to say" if value is None else f"{value:.2f}"


def _four_fifths(value: float | None) -> str:
    return " (below four fifths: look at it)" if value is not None and value < FOUR_FIFTHS else ""
