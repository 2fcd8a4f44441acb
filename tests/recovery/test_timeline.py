"""The timeline: pages without a gap or a double, a fixed number of queries, a score told once a day."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from creditpath.accounts.models import Role, Team
from recovery.timeline import ENTRIES, build_timeline
from scoring.models import FeatureVector, Score, ScoringRun
from tests.factories import make_borrower, make_contact, make_loan, make_payment
from tests.models import promote_logistic

DAY = date(2026, 6, 30)

pytestmark = pytest.mark.django_db


def test_pages_tell_everything_once_in_order(team: Team) -> None:
    borrower = make_borrower(team=team)
    loan = make_loan(borrower=borrower, instalments=[(date(2025, 1, 1), 100)])
    for number in range(2 * ENTRIES + 7):
        make_payment(loan, DAY - timedelta(days=number // 3), 1)
    for number in range(10):
        make_contact(borrower, DAY - timedelta(days=5 * number), loan=loan)
    told, until = [], None
    for _ in range(10):
        page = build_timeline(borrower, [loan], {}, until=until)
        assert page.entries
        told += page.entries
        until = page.older
        if until is None:
            break
    assert sum(entry.kind == "payment" for entry in told) == 2 * ENTRIES + 7
    assert sum(entry.kind == "contact" for entry in told) == 10
    assert [entry.day for entry in told] == sorted((entry.day for entry in told), reverse=True)


def test_day_with_more_than_a_page_holds_does_not_stop_the_way_back(team: Team) -> None:
    borrower = make_borrower(team=team)
    loan = make_loan(borrower=borrower, instalments=[(date(2025, 1, 1), 100)])
    for _ in range(ENTRIES + 5):
        make_payment(loan, DAY, 1)
    make_payment(loan, DAY - timedelta(days=40), 1)
    first = build_timeline(borrower, [loan], {})
    assert (len(first.entries), first.older) == (ENTRIES, DAY - timedelta(days=1))
    assert [entry.day for entry in build_timeline(borrower, [loan], {}, until=first.older).entries] == [
        DAY - timedelta(days=40)
    ]


def test_scores_of_one_day_are_told_once(team: Team) -> None:
    borrower = make_borrower(team=team)
    loan, model = make_loan(borrower=borrower, instalments=[(date(2025, 1, 1), 100)]), promote_logistic()
    now = timezone.now()
    for day in (DAY, DAY, DAY, DAY - timedelta(days=1)):
        run = ScoringRun.objects.create(
            model=model, kind="stale", engine="onnxruntime", as_of=day, known_at=now, published_at=now
        )
        vector = FeatureVector.objects.create(loan=loan, as_of=day, known_at=now, feature_set="f", values=[1.0])
        Score.objects.create(run=run, loan=loan, vector=vector, pd=0.2, tier="high")
    entries = build_timeline(borrower, [loan], {}).entries
    assert [(entry.day, entry.state) for entry in entries] == [
        (DAY, "3 times that day"),
        (DAY - timedelta(days=1), ""),
    ]


def test_page_of_a_borrower_costs_the_same_however_much_happened(
    frozen_day: date, team: Team, client_of: Callable[[Role], Client], django_assert_max_num_queries: Any
) -> None:
    borrower = make_borrower(team=team)
    loans = [make_loan(borrower=borrower, instalments=[(date(2026, 1, 1), 100)]) for _ in range(4)]
    for loan in loans:
        for number in range(40):
            make_payment(loan, DAY - timedelta(days=number), 1)
            make_contact(borrower, DAY - timedelta(days=number), loan=loan)
    client = client_of(Role.MANAGER)
    with django_assert_max_num_queries(25):
        newest = client.get(f"/borrowers/{borrower.pk}/").content.decode()
    assert ">Older</a>" in newest
    address = newest.split('href="?until=')[1].split("#")[0]
    with django_assert_max_num_queries(25):
        older = client.get(f"/borrowers/{borrower.pk}/?until={address}").content.decode()
    assert ">Newest</a>" in older
    assert client.get(f"/borrowers/{borrower.pk}/?until=nonsense").status_code == 200
