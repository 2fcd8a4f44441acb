"""The pages of models: what is live and was, the steps that people take, and cards that need nothing but what is kept."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone

from creditpath.accounts.models import Role, User
from creditpath.jobs.models import Job
from recovery.templatetags.pages import breakable
from scoring.engine.services import score_loans
from scoring.ml.curves import calibration_grades, draw_curves, drift, lift_steps, roc_points
from scoring.models import Challenger, Deployment, ModelVersion, Validation
from scoring.registry.cards.files import escape
from scoring.registry.cards.services import write_html, write_markdown
from scoring.registry.services import register_model
from scoring.registry.validating import Found, validate_model
from tests.factories import make_loan
from tests.models import PROOF, TIER_EDGES, logistic_graph, person, promote, register_logistic

pytestmark = pytest.mark.django_db

Clients = Callable[[Role], Client]
HOSTILE = "<script>alert(1)</script> [click](javascript:x) | `x`"


def labels() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(5)
    p = random.beta(1, 6, size=2000)
    return (random.random(2000) < p).astype(np.int8), p


@pytest.fixture
def drawn() -> ModelVersion:
    y, p = labels()
    names = ["days_past_due", "overdue_ratio"]
    x = np.column_stack([p, 1 - p]).astype(np.float32)
    return register_model(
        purpose="default", algorithm="logistic", onnx=logistic_graph(),
        target={"at": "monthly", "horizon_days": 120, "population": "loans that owe", "definition": "91+ days"},
        data_window={"first_day": "2026-01-31", "last_day": "2026-02-28", "rows": 2000, "bad_rate": 0.14, "split": "by time: x"},
        metrics={"auc": 0.8, "auc_low": 0.78, "auc_high": 0.82, "by_segment": {}, "has_signal": True}, parity=PROOF,
        threshold=0.2, tier_edges=TIER_EDGES, is_simulated=True,
        findings=[{"column": HOSTILE, "kind": "name", "evidence": "told after", "action": "dropped"}],
        curves=draw_curves(
            y, p, reference=p, features=(x, x), names=names, contributions=np.column_stack([p, -p / 2]), rows="the test rows"
        ),
    )  # fmt: skip


class TestSteps:
    def test_a_model_goes_the_whole_way_on_its_page(self, client_of: Clients, people: dict[Role, User]) -> None:
        model = register_logistic()
        maker, analyst, manager = (client_of(role) for role in (Role.DATA_SCIENTIST, Role.ANALYST, Role.MANAGER))
        address = f"/models/{model.pk}/"
        refused = maker.post(f"{address}proposals/", {"reason": "best", "segment": ""})
        assert refused.status_code == 400
        assert "Nobody but its trainer has examined it" in refused.content.decode()

        given = {"outcome": "fit", "materiality": "high", "summary": "all of it"}
        analyst.post(f"{address}validations/", given)
        maker.post(f"{address}proposals/", {"reason": "best", "segment": ""})
        proposal = model.proposals.get()
        maker.post(f"/models/proposals/{proposal.pk}/decision/", {"decision": "approve"})
        assert not Deployment.objects.exists()
        manager.post(f"/models/proposals/{proposal.pk}/decision/", {"decision": "approve"})

        assert Deployment.objects.live().get().model == model
        page = manager.get(address).content.decode()
        assert "approved" in page
        maker.post(f"{address}retirement/", {"reason": "drift"})
        assert not Deployment.objects.live().exists()

    def test_a_finding_needs_an_owner_and_a_day_and_is_closed_by_another(
        self, client_of: Clients, people: dict[Role, User]
    ) -> None:
        model, client = register_logistic(), client_of(Role.ANALYST)
        given = {
            "outcome": "with_findings",
            "materiality": "high",
            "summary": "all",
            "finding": "thin",
            "severity": "high",
        }
        answer = client.post(f"/models/{model.pk}/validations/", given)
        assert "Say who puts it right." in answer.content.decode()
        assert not Validation.objects.exists()

        owner = people[Role.DATA_SCIENTIST]
        client.post(f"/models/{model.pk}/validations/", given | {"owner": owner.pk, "due_on": "2026-09-30"})

        finding = Validation.objects.get().findings.get()
        close = f"/models/findings/{finding.pk}/closure/"
        client_of(Role.DATA_SCIENTIST).post(close, {"remedy": "done"})
        assert not hasattr(type(finding).objects.get(), "closure")
        client.post(close, {"remedy": "more rows"})
        assert type(finding).objects.get().closure.remedy == "more rows"

    def test_a_challenger_and_a_comparison_are_asked_for(self, client_of: Clients) -> None:
        promote(register_logistic())
        model, client = register_logistic(), client_of(Role.DATA_SCIENTIST)

        client.post(f"/models/{model.pk}/challenges/", {"reason": "watch it", "segment": ""})
        client.post(f"/models/{model.pk}/comparisons/", {"segment": ""})

        challenger = Challenger.objects.live().get()
        assert Job.objects.get(name="compare_models").arguments["model"] == model.name
        assert "In the shadow" in client.get("/models/").content.decode()
        client.post(f"/models/challenges/{challenger.pk}/end/", {"reason": "seen enough"})
        assert not Challenger.objects.live().exists()

    def test_the_list_and_a_model_cost_as_many_queries_with_more_rows(
        self, client_of: Clients, django_assert_max_num_queries: Any
    ) -> None:
        client = client_of(Role.MANAGER)
        for _ in range(3):
            model = promote(register_logistic())
        with django_assert_max_num_queries(26) as captured:
            client.get("/models/")
            client.get(f"/models/{model.pk}/card/")
        assert not any('"onnx"' in query["sql"] for query in captured.captured_queries)

    @pytest.mark.parametrize("text", ["2026-13-01", "soon", "9999-12-31", "0001-01-01"])
    def test_a_day_that_is_none_is_told(self, client_of: Clients, text: str) -> None:
        assert client_of(Role.MANAGER).get("/models/live/", {"on": text}).status_code == 200


class TestApi:
    def test_a_program_asks_which_model_was_live_on_a_day(self, client_of: Clients) -> None:
        model = promote(register_logistic())
        client, today = client_of(Role.INTEGRATION), timezone.localdate()

        (row,) = client.get("/api/v1/deployments/", {"on": str(today)}).json()["results"]

        assert (row["model"], row["sha256"], row["segment"]) == (model.name, model.sha256, "")
        assert (row["proposed_by"], row["approved_by"], row["in_spite_of"]) == (
            "proposer",
            "approver",
            "it is for the tests",
        )
        before = {"on": str(today - timedelta(days=2))}
        assert client.get("/api/v1/deployments/", before).json()["results"] == []
        assert client.get("/api/v1/deployments/", {"on": "9999-12-31"}).json()["results"] == []
        assert client.get("/api/v1/comparisons/").json()["results"] == []


class TestCards:
    def test_a_card_shows_what_was_kept_and_its_limits(self, drawn: ModelVersion, client_of: Clients) -> None:
        validate_model(
            model=drawn, outcome="with_findings", summary="all", validated_by=person("a"),
            findings=[Found("thin in spring", "low", person("b"), date(2026, 9, 30))],
        )  # fmt: skip
        page = client_of(Role.ANALYST).get(f"/models/{drawn.pk}/card/").content.decode()
        for words in (
            "Not for origination", "Under past treatment", "simulated borrowers", "loans that owe", "91+ days", "ROC", "Lift",
            "Calibration by grade", "Importance", "Hosmer", "thin in spring", "told after",
        ):  # fmt: skip
            assert words in page, words
        assert page.count('<svg class="chart"') == 7

    def test_a_card_tells_how_far_the_scores_of_today_are_from_those_of_the_test(
        self, drawn: ModelVersion, frozen_day: date
    ) -> None:
        make_loan(instalments=[(date(2026, 1, 1), 100)])  # of the training there are none so late
        make_loan(instalments=[(date(2026, 5, 1), 100)])
        promote(drawn)
        score_loans()
        assert "From test rows to the 1 scores as of 2026-06-30: PSI" in write_html(drawn)

    def test_long_names_may_end_a_line_after_an_underscore_and_stay_text(
        self, drawn: ModelVersion, client_of: Clients
    ) -> None:
        page = client_of(Role.ANALYST).get(f"/models/{drawn.pk}/card/").content.decode()
        assert "days_<wbr>since_<wbr>last_<wbr>payment" in page
        assert breakable("<b>_&") == "&lt;b&gt;_<wbr>&amp;"

    def test_a_card_file_stands_alone_and_runs_nothing(self, drawn: ModelVersion, client_of: Clients) -> None:
        answer = client_of(Role.ANALYST).get(f"/models/{drawn.pk}/card/file/")
        assert answer.headers["Content-Disposition"] == 'attachment; filename="default-logistic-1.html"'
        page = answer.content.decode()
        assert not re.findall(r'(?:src|href)="', page)
        assert "<script" not in page
        assert "&lt;script&gt;" in page
        assert "Simulated data" in page
        assert len(page) < 200_000

    def test_markdown_keeps_hostile_text_as_text(self, drawn: ModelVersion, client_of: Clients) -> None:
        answer = client_of(Role.ANALYST).get(f"/models/{drawn.pk}/card/file/", {"as": "markdown"})
        text = answer.content.decode()
        assert answer.headers["Content-Disposition"].endswith('.md"')
        assert escape(HOSTILE) in text
        assert "<script" not in text
        assert "**Simulated data.**" in text

    def test_a_model_of_before_curves_has_a_card_that_says_so(self, client_of: Clients) -> None:
        model = register_logistic()
        assert "before curves were kept" in write_html(model)
        assert "before curves were kept" in write_markdown(model)


class TestCurves:
    def test_curves_are_those_of_the_rows(self) -> None:
        y, p = labels()
        roc = np.array(roc_points(y, p))
        area = float(np.sum(np.diff(roc[:, 0]) * (roc[1:, 1] + roc[:-1, 1]) / 2))
        bad, good = p[y == 1], p[y == 0]
        assert area == pytest.approx(float((bad[:, None] > good).mean()), abs=2e-3)
        grades = calibration_grades(y, p)
        assert sum(one["n"] for one in grades) == len(y)
        assert all(one["low"] <= one["bad_rate"] <= one["high"] for one in grades)
        assert lift_steps(y, p)[-1] == [1.0, 1.0]
        top = np.argsort(-p)[: len(p) // 2]
        assert dict(map(tuple, lift_steps(y, p)))[0.5] == pytest.approx(y[top].sum() / y.sum(), abs=0.01)

    def test_ties_do_not_depend_on_the_order_of_rows(self) -> None:
        y = np.array([1] * 10 + [0] * 90, dtype=np.int8)
        p = np.full(100, 0.1)
        assert lift_steps(y, p)[10] == [0.5, pytest.approx(0.5)]
        assert lift_steps(y, p) == lift_steps(y[::-1].copy(), p)
        assert len(calibration_grades(y, p)) == 1
        assert draw_curves(y, p)["scores"]["edges"]

    def test_psi_is_nothing_for_the_same_rows_and_sees_a_shift_and_missing_values(self) -> None:
        rows = np.random.default_rng(1).normal(size=5000)
        assert drift(rows, rows) == pytest.approx(0)
        assert drift(rows, rows + 1) > 0.25
        gone = rows.copy()
        gone[:1500] = np.nan
        assert drift(rows, gone) > 0.25
        assert drift(np.full(10, np.nan), np.full(10, np.nan)) == pytest.approx(0)
