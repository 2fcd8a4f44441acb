"""The sections of a card that say what a model is, where it comes from, and who let it live."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scoring.features.definition import FEATURES
from scoring.models import Deployment, ModelVersion, Purpose, Validation
from scoring.registry.cards.sections import Section, Table, known, percent, words_of

AS_SHIPPED = "as shipped"
HELD = {"rises": "Only rises with", "falls": "Only falls with"}
TOLD_ATTEMPTS = 10


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
    if model.segment:
        limits.append(f"It learned from loans {model.get_segment_display()} alone: of others it says nothing.")
    if model.metrics.get("has_signal") is False:
        limits.append("It has no signal: do not use it to choose whom to call.")
    if isinstance(window.get("rows"), int) and window["rows"] < 1000:
        limits.append(f"Trained and tested on {window['rows']:,} rows alone: its figures are rough.")
    if model.metrics.get("meets_kpi") is False:
        limits.append("It misses the target of AUC, precision and recall that the project has set.")
    return tuple(limits)


def tell_use(model: ModelVersion, *, notes: Sequence[str] = ()) -> Section:
    """Tell what a model is for and what it is not; notes: what has to be said of where it is live."""
    newest = model.validations.order_by("-id").first()
    materiality = newest.get_materiality_display() if newest else model.get_materiality_display() or "not stated"
    return Section(
        "Use and limits",
        words=(model.intended_use or "Its use was not stated when it was registered.", *notes, *limits_of(model)),
        facts=(("Materiality", materiality), ("Scores", f"{model.purpose}, {model.get_segment_display()}")),
    )


def tell_data(model: ModelVersion) -> Section:
    target, window = model.target, model.data_window
    facts = [
        ("Population", target.get("population")),
        ("The event", target.get("definition")),
        ("Horizon", f"{target['horizon_days']} days" if target.get("horizon_days") else None),
        ("Observed", words_of(target.get("at"))),
        ("Window", f"{window['first_day']} to {window['last_day']}" if window.get("first_day") else None),
        ("Rows", f"{window['rows']:,}" if isinstance(window.get("rows"), int) else None),
        ("Share with the event", percent(window.get("bad_rate"))),
        ("Split", window.get("split")),
        ("Hash of the rows", window.get("matrix_sha256")),
    ]
    words = ("These are simulated borrowers.",) if model.is_simulated else ()
    return Section("Population, target and data", words=words, facts=known(facts))


def tell_leaks(model: ModelVersion) -> Section:
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


def tell_features(model: ModelVersion) -> Section:
    known = {feature.name: feature for feature in FEATURES}
    names = model.feature_names
    if model.specification is not None or not set(names) <= set(known):
        words = (f"{len(names)} features made from the table's columns: {', '.join(names[:60])}.",)
        return Section("Features", words=words)
    rows = tuple((name, known[name].unit, known[name].description) for name in names)
    words = ("The borrower's age, sex, place and language, and the lender's own columns, are left out on purpose.",)
    return Section("Features", words=words, tables=(Table(("Feature", "Unit", "Meaning"), rows),))


def tell_points(model: ModelVersion) -> Section:
    """Tell the points of a scorecard; neighbouring bins of the same points stand as one."""
    points = model.curves["points"]
    rows = tuple((each["feature"], words, f"{value:+d}") for each in points["features"] for words, value in _bins(each))
    words = (
        f"{points['base']} points before any feature; {points['base_points']} stand for {points['base_odds']} good ones to a bad "
        f"one, and {points['doubling_points']} more for odds twice as good. The points of all features are added up."
    )
    return Section("Points", words=(words,), tables=(Table(("Feature", "Value", "Points"), rows),))


def _bins(feature: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    edges, points = feature["edges"], feature["points"]
    below = ""
    for n, value in enumerate(points):
        if n + 1 < len(points) and points[n + 1] == value:
            continue
        upto = f"{edges[n]:.6g}" if n < len(edges) else ""
        if below or upto:
            yield (
                f"above {below}" if not upto else f"up to {upto}" if not below else f"above {below}, up to {upto}",
                value,
            )
        elif value:
            yield "any value", value
        below = upto
    if feature["missing"]:
        yield "missing", feature["missing"]


def tell_tuning(model: ModelVersion) -> Section:
    """Tell the budget of tuning, the best of what was tried, and how classes were weighted; all on inner folds."""
    tuning = model.parameters["tuning"]
    budget = tuning["budget"]
    facts = (
        ("Budget", f"{budget['trials']} setting{'s' if budget['trials'] != 1 else ''}, {budget['seconds']:g} seconds"),
        ("Tried", f"{tuning['tried']}; log-loss {tuning['log_loss_of_the_first']:.4f} at first, {tuning['log_loss']:.4f} chosen"),
        ("Chosen", words_of(tuning["chosen"]) or AS_SHIPPED),
        ("Classes", _weights_of(model)),
    )  # fmt: skip
    held = model.parameters.get("directions") or {}
    directed = tuple((HELD[side], ", ".join(held[side])) for side in HELD if held.get(side))
    best = sorted(tuning.get("attempts") or [], key=lambda one: float(one["log_loss"]))[:TOLD_ATTEMPTS]
    rows = tuple((f"{one['log_loss']:.4f}", words_of(one["settings"]) or AS_SHIPPED) for one in best)
    tables = (Table(("Log-loss", "Settings"), rows),) if len(rows) > 1 else ()
    words = (
        "Each setting was judged by its log-loss after calibration, on training rows while an inner fold held them out.",
    )
    return Section("Tuning", words=words, facts=(*facts, *directed), tables=tables)


def _weights_of(model: ModelVersion) -> str:
    if given := model.parameters["tuning"].get("class_weights"):
        asked = f" ({given['asked']})" if isinstance(given["asked"], str) else ""
        return f"rows with the event count {given['event']:.4g} times in the fit{asked}; calibrated without weights"
    weight = model.parameters.get("scale_pos_weight", 1)
    return f"rows with the event weighted {weight:g} times" if weight != 1 else "not weighted; the threshold is moved"


def tell_proof(model: ModelVersion) -> Section:
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
    return Section("The registered graph gives what was trained", facts=known(facts))


def tell_validation(model: ModelVersion) -> Section:
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


def tell_decisions(model: ModelVersion, deployments: Sequence[Deployment]) -> Section:
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


def tell_origin(model: ModelVersion) -> Section:
    facts = [
        ("Trained", f"{model.trained_at:%Y-%m-%d %H:%M} UTC"),
        ("Trained by", str(model.trained_by) if model.trained_by else "nobody named"),
        ("Code", model.code_version or "not known"),
        ("Libraries", ", ".join(f"{name} {version}" for name, version in sorted(model.library_versions.items()))),
        (
            "Parameters",
            words_of({name: one for name, one in model.parameters.items() if name not in ("tuning", "directions")}),
        ),
        ("Feature set", model.feature_set),
    ]
    return Section("Where it comes from", facts=known(facts))
