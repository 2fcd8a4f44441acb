"""The pages of models in a real browser: they pass axe, fit narrow and wide, and say what alarms and how tiers did."""

from collections.abc import Callable
from datetime import date

import pytest
from playwright.sync_api import Page, expect

from recovery.alerts.services import raise_alerts
from scoring.models import AlertThreshold, ModelReading
from tests.browser.conftest import NARROW, WIDE, PageOf
from tests.models import promote, register_logistic

DAY = date(2026, 6, 30)


@pytest.mark.parametrize(("viewport", "dark"), [(WIDE, False), (NARROW, True)], ids=["wide", "narrow"])
def test_pages_of_models_are_accessible_and_fit(
    viewport: dict[str, int], dark: bool, page_of: PageOf, assert_accessible: Callable[[Page], None]
) -> None:
    # Between browser tests all rows go, those of migrations too.
    AlertThreshold.objects.get_or_create(measure="score_psi", defaults={"look": 0.1, "act": 0.25})
    model = promote(register_logistic())
    tier = {"n": 900, "n_bad": 90, "expected": 0.11, "observed": 0.1, "z": -1.0}
    outcome = {
        **tier,
        "brier": 0.08,
        "auc": 0.71,
        "auc_low": 0.66,
        "auc_high": 0.76,
        "tiers": {"low": tier, "high": tier},
    }
    feature = {"psi": 0.4, "missing": 0.2, "missing_in_training": 0.0}
    for as_of, stage, told in ((date(2026, 3, 31), "matured", outcome), (DAY, "fresh", None)):
        ModelReading.objects.create(
            model=model, as_of=as_of, read_on=DAY, source="served", stage=stage, window_days=90, is_unseen=True,
            n_rows=900, stability={"score_psi": 0.31, "features": {"days_past_due": feature, "days_on_book": feature}},
            outcome=told,
        )  # fmt: skip
    raise_alerts(as_of=DAY, only=("models_alarm",))

    page = page_of("data_scientist", "/models/training/", dark=dark, viewport=viewport)
    page.get_by_label("Loans").select_option(label="1–30 days past due")
    for path in (
        "/models/training/", "/models/", f"/models/{model.pk}/", f"/models/{model.pk}/card/", "/dashboards/models/", "/alerts/",
    ):  # fmt: skip
        page.goto(path)
        for fold in page.locator("main details").all():
            fold.evaluate("element => element.open = true")
        if path == "/dashboards/models/":
            expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible(timeout=30_000)
            expect(page.get_by_text("Calibration by tier")).to_be_visible()
        assert_accessible(page)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= viewport["width"], f"{path} is {width} px wide"
    expect(page.get_by_role("link", name="Look at the models")).to_be_visible()
