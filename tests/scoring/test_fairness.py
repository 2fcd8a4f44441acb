"""Models are watched by what they must not learn from."""

import json
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from scoring.errors import ComparisonRefused
from scoring.ml.fairness import OTHERS, UNKNOWN, measure_groups
from scoring.models import Comparison, FairnessReading, ModelVersion, MonitoredAttribute
from scoring.registry.cards.services import write_html
from scoring.training.comparing import compare_models
from scoring.training.monitored import find_watched
from scoring.training.unseen import collect_unseen
from tests.factories import make_borrower, make_contact, make_loan
from tests.models import PROOF, logistic_graph, person, promote, register_logistic

DAY = date(2026, 6, 30)


class TestGroups:
    def test_rates_are_those_of_the_groups(self) -> None:
        groups = np.array(["a"] * 100 + ["b"] * 100 + [UNKNOWN] * 5)
        y = np.array(([1] * 20 + [0] * 80) * 2 + [1] * 5, dtype=np.int8)
        p = np.array([0.9] * 20 + [0.9] * 20 + [0.1] * 60 + [0.9] * 10 + [0.1] * 90 + [0.9] * 5)
        contacted = np.array([True] * 50 + [False] * 50 + [True] * 40 + [False] * 60 + [False] * 5)

        found = measure_groups(groups, y, p, threshold=0.5, contacted=contacted)

        a, b, unknown = found.groups
        assert (a.selection_rate, a.tpr, b.selection_rate, b.tpr) == (0.4, 1.0, 0.1, 0.5)
        assert (found.selection_ratio, found.tpr_gap) == (0.25, 0.5)
        assert found.contact_ratio == pytest.approx(0.8)
        assert (unknown.name, unknown.selection_rate) == (UNKNOWN, None)

    def test_what_is_too_small_is_not_said(self) -> None:
        groups = np.array(["a"] * 100 + ["b"] * 99)
        y = np.zeros(199, dtype=np.int8)
        y[:5] = 1
        found = measure_groups(groups, y, np.full(199, 0.9), threshold=0.5, contacted=np.zeros(199, dtype=bool))
        assert (found.selection_ratio, found.tpr_gap, found.contact_ratio) == (None, None, None)

    def test_many_groups_are_told_as_the_largest_and_the_rest(self) -> None:
        groups = np.array([f"g{k:02d}" for k in range(20) for _ in range(30 + k)])
        y, p = np.zeros(len(groups), dtype=np.int8), np.full(len(groups), 0.5)
        found = measure_groups(groups, y, p, threshold=0.4, contacted=y == 1)
        assert len(found.groups) == 13
        assert found.groups[-1].name == OTHERS


@pytest.mark.django_db
class TestMonitoredAttributes:
    def test_the_newest_row_of_a_name_counts(self) -> None:
        watch = MonitoredAttribute.objects.create
        watch(source="borrower", name="sex")
        watch(source="borrower", name="sex", is_monitored=False)
        watch(source="loan", name="region")
        assert {row.name for row in MonitoredAttribute.objects.current()} - {"birth_date"} == {"region"}

    def test_it_stays_out_of_training_unless_somebody_says_why(self) -> None:
        MonitoredAttribute.objects.create(source="borrower", name="Sex")
        assert [(leak.column, leak.action) for leak in find_watched(["sex", "income"])] == [("sex", "left out")]

        MonitoredAttribute.objects.create(
            source="borrower", name="Sex", may_train=True, reason="to correct for it", declared_by=person("grace")
        )
        assert find_watched(["sex"])[0].action == "kept, as grace said: to correct for it"
        with pytest.raises(IntegrityError, match="says_why"), transaction.atomic():
            MonitoredAttribute.objects.create(source="borrower", name="Sex", may_train=True, reason=" ")

    @pytest.mark.parametrize("kind", ["category", "left_out"])
    def test_the_database_refuses_a_model_that_learned_from_it(self, kind: str) -> None:
        MonitoredAttribute.objects.create(source="borrower", name="sex")
        fields: dict[str, Any] = {
            "name": "table:x-1", "purpose": "table:x", "algorithm": "logistic", "onnx": logistic_graph(), "sha256": "0" * 64,
            "feature_set": "table:x", "feature_names": ["SEX = male"], "target": {}, "data_window": {}, "metrics": {},
            "parity": PROOF, "threshold": 0.5, "tier_edges": [0.1, 0.2, 0.3], "is_simulated": False,
            "specification": {"columns": [{"name": "SEX", "kind": kind}]},
        }  # fmt: skip
        if kind == "left_out":
            ModelVersion.objects.create(**fields)
            return
        with pytest.raises(IntegrityError, match="monitored attributes stay out"), transaction.atomic():
            ModelVersion.objects.create(**fields)

    def test_no_row_is_changed(self) -> None:
        MonitoredAttribute.objects.create(source="borrower", name="sex")
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE scoring_monitoredattribute SET may_train = true")


@pytest.fixture
def labelled_books(frozen_day: date) -> None:
    """Eighty loans of two columns: those of the south are late more often, and all who are late are called."""
    for k in range(80):
        is_late = k % 4 == 0 or k % 8 == 1
        borrower = make_borrower(
            attributes={"region": "south" if k % 2 else "north"}, birth_date=date(1950 + k % 50, 1, 1)
        )
        due = date(2026, 1, 20) if is_late else date(2026, 3, 15)
        paid = [] if k % 8 in (0, 1) else [(date(2026, 3, 10), 100)]
        make_loan(
            borrower=borrower,
            instalments=[(due, 100), (date(2026, 6, 15), 100)],
            payments=paid,
            approved_on=date(2025, 12, 1),
        )
        if is_late:
            make_contact(borrower, date(2026, 2, 10), agent=None)


@pytest.mark.django_db
@pytest.mark.usefixtures("labelled_books")
class TestOnTheBooks:
    def test_fairness_is_measured_on_scores_and_on_contacts_and_shown_on_the_card(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        MonitoredAttribute.objects.create(source="borrower", name="region")
        model = register_logistic()

        call_command("measure_fairness", model.name, json=True)

        told = {one["attribute"]: one for one in json.loads(capsys.readouterr().out)["readings"]}
        assert told["region"]["n_rows"] >= 80
        north, south = told["region"]["groups"]
        assert (north["name"], south["name"]) == ("north", "south")
        assert 0 <= told["region"]["selection_ratio"] <= 1
        assert north["contact_rate"] is not None
        page = write_html(model)
        assert "By region" in page
        assert "Of the bad, contacted" in page

    def test_nothing_to_watch_is_told(self) -> None:
        MonitoredAttribute.objects.create(source="field", name="birth_date", is_monitored=False)
        with pytest.raises(CommandError, match="No attribute is monitored"):
            call_command("measure_fairness", register_logistic().name)
        assert not FairnessReading.objects.exists()

    def test_a_comparison_is_of_both_on_the_same_rows(self) -> None:
        champion, worse = promote(register_logistic()), register_logistic(days_past_due=-1.0)

        found = compare_models(model=worse, compared_by=person("a"))

        assert Comparison.objects.get() == found
        assert (found.champion, found.n_bad > 0, found.is_unseen) == (champion, True, True)
        assert found.gain == pytest.approx(found.figures["model"]["auc"] - found.figures["champion"]["auc"])
        assert found.gain < 0
        assert found.gain_low <= found.gain <= found.gain_high
        assert len(found.rows_sha256) == 64

    def test_rows_are_of_days_after_both_trainings_and_their_horizon(self) -> None:
        model = register_logistic()
        model.data_window = {"learned_until": str(DAY - timedelta(days=400))}
        newer = register_logistic()
        newer.data_window = {"learned_until": str(DAY - timedelta(days=230))}
        model.target, newer.target = ({"at": "monthly", "horizon_days": 90} for _ in range(2))

        labelled, is_unseen = collect_unseen([model, newer])

        assert is_unseen
        assert labelled.days.min() > np.datetime64(DAY - timedelta(days=140))
        newer.data_window = {"learned_until": str(DAY - timedelta(days=60))}
        assert collect_unseen([model, newer])[1] is False

    def test_a_comparison_needs_another_champion(self) -> None:
        model = register_logistic()
        with pytest.raises(ComparisonRefused, match="no champion"):
            compare_models(model=model)
        with pytest.raises(ComparisonRefused, match="champion itself"):
            compare_models(model=promote(model))
