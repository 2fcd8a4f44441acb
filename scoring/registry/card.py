"""The card of a model: its use, data, figures and charts, what was found and who let it live; drawn from what is kept."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import log
from typing import Any

from django.db import connection
from django.utils.safestring import SafeString

from scoring.features.definition import FEATURES
from scoring.models import Deployment, ModelVersion, MonitoredAttribute, Purpose, ScoringRun, Validation
from scoring.registry.charts import bar_chart, distribution_chart, line_chart

MINIMUM_PSI, ACT_PSI = 0.1, 0.25
FOUR_FIFTHS = 0.8
LEAST_SHARE = 1e-4  # of a bin, where PSI would else divide by nothing
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


@dataclass(frozen=True)
class Table:
    """Rows under headings; the first column is what a row is about."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Section:
    """A part of a card: sentences, then facts, tables and charts."""

    title: str
    words: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    tables: tuple[Table, ...] = ()
    charts: tuple[tuple[str, SafeString], ...] = ()
    empty: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.words or self.facts or self.tables or self.charts)


@dataclass(frozen=True)
class Card:
    """All of a card, in the order in which it is read."""

    model: ModelVersion
    status: str
    sections: tuple[Section, ...] = field(default_factory=tuple)


# What a part of the product above this one has to say about a model: registered by it, asked here.
CardPart = Callable[[ModelVersion], Section]
_parts: list[CardPart] = []


def card_part(part: CardPart) -> CardPart:
    """Let a section stand on every card, after the product's own; once, however often its module is loaded."""
    if part not in _parts:
        _parts.append(part)
    return part


def build_card(model: ModelVersion) -> Card:
    """Gather the card of a version: a fixed number of queries, no training and no data of borrowers."""
    deployments = list(Deployment.objects.filter(model=model).with_people())
    live = next((one for one in deployments if one.live_until is None), None)
    status = (
        f"live since {live.live_from:%Y-%m-%d} for {live.get_segment_display()}"
        if live
        else f"retired on {deployments[0].live_until:%Y-%m-%d}"
        if deployments
        else "never live"
    )
    sections = [
        _use(model),
        _data(model),
        _performance(model),
        _charts(model),
        _calibration(model),
        _drift(model),
        _segments(model),
        _leaks(model),
        _features(model),
        _fairness(model),
        *(part(model) for part in _parts),
        _proof(model),
        _validation(model),
        _decisions(model, deployments),
        _origin(model),
    ]
    return Card(model, status, tuple(sections))


def limits_of(model: ModelVersion) -> tuple[str, ...]:
    """Return the limits of a model in words."""
    limits = []
    if model.is_simulated:
        limits.append("Trained on simulated borrowers: it says nothing about real ones.")
    if model.purpose in Purpose.values:
        limits += [
            (
                "Under past treatment: it learned from borrowers as they were contacted and treated then. Where treatment "
                "changes, its probabilities do too, and it cannot say what a contact would achieve."
            ),
            "Not for origination: it knows only borrowers who were approved, and uses how they have paid since.",
        ]
    if (window := model.data_window).get("split", "").startswith("by borrower"):
        limits.append("The history was too short to test on a later time: how it holds over time is not known.")
    if model.metrics.get("has_signal") is False:
        limits.append("It has no signal: do not use it to choose whom to call.")
    if isinstance(window.get("rows"), int) and window["rows"] < 1000:
        limits.append(f"Trained and tested on {window['rows']:,} rows alone: its figures are rough.")
    if model.metrics.get("meets_kpi") is False:
        limits.append("It misses the target of AUC, precision and recall that the project has set.")
    return tuple(limits)


def _use(model: ModelVersion) -> Section:
    newest = model.validations.order_by("-id").first()
    materiality = newest.get_materiality_display() if newest else model.get_materiality_display() or "not stated"
    return Section(
        "Use and limits",
        words=(model.intended_use or "Its use was not stated when it was registered.", *limits_of(model)),
        facts=(("Materiality", materiality), ("Scores", f"{model.purpose}, {model.get_segment_display()}")),
    )


def _data(model: ModelVersion) -> Section:
    target, window = model.target, model.data_window
    facts = [
        ("Population", target.get("population")),
        ("The event", target.get("definition")),
        ("Horizon", f"{target['horizon_days']} days" if target.get("horizon_days") else None),
        ("Observed", _words(target.get("at"))),
        ("Window", f"{window['first_day']} to {window['last_day']}" if window.get("first_day") else None),
        ("Rows", f"{window['rows']:,}" if isinstance(window.get("rows"), int) else None),
        ("Share with the event", _percent(window.get("bad_rate"))),
        ("Split", window.get("split")),
        ("Hash of the rows", window.get("matrix_sha256")),
    ]
    words = ("These are simulated borrowers.",) if model.is_simulated else ()
    return Section("Population, target and data", words=words, facts=_known(facts))


def _performance(model: ModelVersion) -> Section:
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
        ("Threshold", f"{model.threshold:.4f}"),
        ("Tiers from", ", ".join(f"{one:.3f}" for one in model.tier_edges)),
    )
    return Section(
        "Figures", words=tuple(words), facts=facts, tables=(Table(("Figure", "Value", "Meaning"), tuple(rows)),)
    )


def _charts(model: ModelVersion) -> Section:
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


def _calibration(model: ModelVersion) -> Section:
    curves = model.curves
    if not curves:
        return Section("Calibration by grade", empty="Not kept with this version.")
    rows = tuple(
        (
            str(number), f"{one['n']:,}", _percent(one["mean_pd"]), _percent(one["bad_rate"]),
            f"{_percent(one['low'])} to {_percent(one['high'])}",
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


def _drift(model: ModelVersion) -> Section:
    drift = model.curves.get("drift")
    if not drift:
        return Section("Drift", empty="Not kept with this version.")
    features = [(str(name), float(value)) for name, value in drift.get("features", [])]
    rows = tuple((name, f"{value:.3f}", judge_psi(value)) for name, value in features[:10])
    words = []
    if "score" in drift:
        words.append(
            f"From training to test rows the score has a PSI of {drift['score']:.3f}: {judge_psi(drift['score'])}. "
            "Features that count history grow with the books, so that some drift is their nature."
        )
    if (run := _newest_run(model)) is not None and (found := _psi_of_run(run, model.curves["reference"])) is not None:
        words.append(
            f"From test rows to the {run.n_scored:,} scores as of {run.as_of}: PSI {found:.3f}, {judge_psi(found)}. These are "
            "all loans that owe, also those 91 or more days past due."
        )
    charts = (("Drift of features: PSI, training to test", bar_chart(features[:10], title="Drift of features")),)
    return Section(
        "Drift", words=tuple(words), charts=charts if features else (),
        tables=(Table(("Feature", "PSI", "Verdict"), rows),) if rows else (),
    )  # fmt: skip


def _newest_run(model: ModelVersion) -> ScoringRun | None:
    batches = ScoringRun.objects.filter(model=model, kind=ScoringRun.Kind.BATCH, published_at__isnull=False)
    return batches.order_by("-id").first()


def _psi_of_run(run: ScoringRun, reference: dict[str, Any]) -> float | None:
    """Return how far the scores of a run are from those of the test rows; one query that passes over the run's scores."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT width_bucket(pd, %s::float8[]), count(*) FROM scoring_score WHERE run_id = %s GROUP BY 1",
            [reference["edges"], run.pk],
        )
        counts = dict(cursor.fetchall())
    total = sum(counts.values())
    if not total or not reference["edges"]:
        return None
    found = 0.0
    for number, expected in enumerate(reference["shares"][: len(reference["edges"]) + 1]):
        pair = [max(share, LEAST_SHARE) for share in (expected, counts.get(number, 0) / total)]
        found += (pair[1] - pair[0]) * log(pair[1] / pair[0])
    return found


def judge_psi(value: float) -> str:
    """Say what a population stability index means: from 0.1 on one looks, from 0.25 on one acts."""
    return "stable" if value < MINIMUM_PSI else "look at it" if value < ACT_PSI else "act on it"


def _segments(model: ModelVersion) -> Section:
    found = model.metrics.get("by_segment") or {}
    rows = tuple(
        (
            str(name), f"{one['n_rows']:,}", _percent(one["bad_rate"]), _percent(one["mean_pd"]),
            f"{one['auc']:.3f}" if "auc" in one else "too few rows",
        )
        for name, one in found.items()
        if isinstance(one, dict) and {"n_rows", "bad_rate", "mean_pd"} <= one.keys()
    )  # fmt: skip
    if not rows:
        return Section("By segment", empty="It was not measured by segment.")
    return Section("By segment", tables=(Table(("Segment", "Rows", "Observed", "Predicted", "AUC"), rows),))


def _leaks(model: ModelVersion) -> Section:
    rows = tuple(
        tuple(
            str(one.get(name, "")).replace("_", " ") if name != "column" else str(one.get(name, "")) for name in order
        )
        for order in (("column", "kind", "evidence", "action"),)
        for one in model.findings
    )
    if not rows:
        return Section("Leaks found and what was decided", empty="The guard against leaks found nothing.")
    return Section(
        "Leaks found and what was decided", tables=(Table(("Column", "Kind", "Evidence", "Decision"), rows),)
    )


def _features(model: ModelVersion) -> Section:
    known = {feature.name: feature for feature in FEATURES}
    names = model.feature_names
    if model.specification is not None or not set(names) <= set(known):
        words = (f"{len(names)} features made from the table's columns: {', '.join(names[:60])}.",)
        return Section("Features", words=words)
    rows = tuple((name, known[name].unit, known[name].description) for name in names)
    words = ("The borrower's age, sex, place and language, and the lender's own columns, are left out on purpose.",)
    return Section("Features", words=words, tables=(Table(("Feature", "Unit", "Meaning"), rows),))


def _fairness(model: ModelVersion) -> Section:
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
                str(group["name"]), f"{group['n_rows']:,}", f"{group['n_bad']:,}", _percent(group["mean_pd"]),
                *(_percent(group[name]) or "too few" for name in ("selection_rate", "tpr", "contact_rate", "contact_tpr")),
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


def _proof(model: ModelVersion) -> Section:
    parity = model.parity
    quantiles = ", ".join(f"{float(q):.1%} below {value:.1e}" for q, value in (parity.get("quantiles") or {}).items())
    parts = ", ".join(
        f"{str(name).replace('_', ' ')} {value:.1e}" for name, value in (parity.get("max_by_part") or {}).items()
    )
    facts = [
        ("Largest difference", f"{parity['max_abs_diff']:.1e}" if "max_abs_diff" in parity else None),
        ("Rows", f"{parity['n_rows']:,}" if "n_rows" in parity else None),
        ("Differences", quantiles or None),
        ("Largest by kind of row", parts or None),
        ("SHA-256 of the bytes", model.sha256),
    ]
    return Section("The registered graph gives what was trained", facts=_known(facts))


def _validation(model: ModelVersion) -> Section:
    rows: Sequence[Validation] = list(
        model.validations.select_related("validated_by").prefetch_related("findings__owner", "findings__closure")
    )
    if not rows:
        return Section("Validation", empty="Nobody but its trainer has examined it.")
    examined = tuple(
        (f"{one.validated_at:%Y-%m-%d}", str(one.validated_by), one.get_outcome_display(), one.summary) for one in rows
    )
    tables = [Table(("Day", "By", "Found", "What was examined"), examined)]
    findings = tuple(
        (
            finding.text, finding.get_severity_display(), str(finding.owner), f"{finding.due_on}",
            f"closed: {finding.closure.remedy}" if hasattr(finding, "closure") else "open",
        )
        for one in rows
        for finding in one.findings.all()
    )  # fmt: skip
    if findings:
        tables.append(Table(("Finding", "Severity", "Owner", "Until", "State"), findings))
    return Section("Validation", tables=tuple(tables))


def _decisions(model: ModelVersion, deployments: Sequence[Deployment]) -> Section:
    compared: tuple[tuple[str, ...], ...] = tuple(
        (
            one.champion.name, one.get_segment_display(), f"{one.n_rows:,}", f"{one.first_day} to {one.last_day}",
            f"{one.gain:+.4f} ({one.gain_low:+.4f} to {one.gain_high:+.4f})", "yes" if one.is_unseen else "no",
        )
        for one in model.comparisons.select_related("champion").defer("champion__onnx", "champion__curves")[:10]
    )  # fmt: skip
    lived: tuple[tuple[str, ...], ...] = tuple(
        (
            one.get_segment_display(), f"{one.live_from:%Y-%m-%d %H:%M}",
            f"{one.live_until:%Y-%m-%d %H:%M}" if one.live_until else "now", str(one.promoted_by or "nobody named"),
            str(one.decision.decided_by) if one.decision else "before two people were asked", one.reason,
            one.decision.proposal.in_spite_of if one.decision and one.decision.proposal.doubts else "none",
        )
        for one in deployments
    )  # fmt: skip
    tables = []
    if compared:
        tables.append(
            Table(("Champion", "Loans", "Rows", "Days", "Difference of AUC (95 %)", "Unseen by both"), compared)
        )
    if lived:
        heads = ("Loans", "Live from (UTC)", "Until", "Proposed by", "Approved by", "Why", "In spite of doubts")
        tables.append(Table(heads, lived))
    return Section("Who let it go live", tables=tuple(tables), empty="Nobody has: it was never live.")


def _origin(model: ModelVersion) -> Section:
    facts = [
        ("Trained", f"{model.trained_at:%Y-%m-%d %H:%M} UTC"),
        ("Trained by", str(model.trained_by) if model.trained_by else "nobody named"),
        ("Code", model.code_version or "not known"),
        ("Libraries", ", ".join(f"{name} {version}" for name, version in sorted(model.library_versions.items()))),
        ("Parameters", _words(model.parameters)),
        ("Feature set", model.feature_set),
    ]
    return Section("Where it comes from", facts=_known(facts))


def _known(facts: Sequence[tuple[str, Any]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(value)) for name, value in facts if value not in (None, ""))


def _percent(value: Any) -> str:
    return f"{100 * value:.1f} %" if isinstance(value, int | float) else ""


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name}: {_words(one)}" for name, one in value.items())[:1500]
    if isinstance(value, list | tuple):
        return ", ".join(_words(one) for one in value)[:600]
    return f"{value:.6g}" if isinstance(value, float) else str(value)
