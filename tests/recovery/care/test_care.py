"""Hardship: no pressure, few readers, and a person who decides."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from borrowers.models import Borrower
from creditpath.accounts.models import Role, Team, User
from recovery.care.services import decide_care, open_care_record
from recovery.errors import CareRefused
from recovery.models import CareReading, CareRecord, Hold
from recovery.services import contact_permissions
from tests.factories import at, make_borrower

SECRET = "was in hospital since May"


@pytest.fixture
def borrower(frozen_day: date, team: Team) -> Borrower:
    return make_borrower(team=team)


def test_hardship_stops_contacts_until_a_person_ends_it(
    borrower: Borrower, people: dict[Role, User], frozen_day: date
) -> None:
    record = open_care_record(borrower=borrower, category="health", details=SECRET, opened_by=people[Role.AGENT])
    assert SECRET not in record.hold.reason
    answers = contact_permissions([(borrower.pk, "call")], instant=at(frozen_day))
    assert "hardship" in str(answers[borrower.pk, "call"].reasons)
    decide_care(record=record, outcome="goes_on", reason="still ill", decided_by=people[Role.MANAGER])
    assert CareRecord.objects.open().count() == 1
    decide_care(record=record, outcome="ended", reason="works again", decided_by=people[Role.MANAGER])
    assert not CareRecord.objects.open().exists()
    assert Hold.objects.filter(lifts=record.hold).exists()
    with pytest.raises(CareRefused, match="ended already"):
        decide_care(record=record, outcome="ended", reason="again", decided_by=people[Role.ADMIN])


def test_an_agent_writes_it_down_and_reads_only_that_care_is_needed(
    borrower: Borrower, client_of: Callable[[Role], Client]
) -> None:
    agent, manager = client_of(Role.AGENT), client_of(Role.MANAGER)
    page = f"/borrowers/{borrower.pk}/"
    said = {"key": "k", "category": "health", "details": SECRET, "review_on": "2026-07-15"}
    assert agent.post(f"{page}care/new/", said).status_code == 302
    assert agent.post(f"{page}care/new/", said).status_code == 302  # a second press
    assert CareRecord.objects.count() == Hold.objects.count() == 1
    assert agent.get(f"{page}care/").status_code == 403
    for address in (page, f"{page}contacts/", f"{page}care/new/"):
        html = agent.get(address).content.decode()
        assert SECRET not in html
    assert "Handle with care" in agent.get(page).content.decode()
    assert not CareReading.objects.exists()
    assert SECRET in manager.get(f"{page}care/").content.decode()
    assert CareReading.objects.get().read_by.role == Role.MANAGER
    assert str(borrower) in manager.get("/care/").content.decode()
    record = CareRecord.objects.get()
    assert agent.post(f"/care/{record.pk}/decide/", {"outcome": "ended", "reason": "x"}).status_code == 403
    assert manager.post(f"/care/{record.pk}/decide/", {"outcome": "ended", "reason": "x"}).status_code == 302
    assert "Handle with care" not in agent.get(page).content.decode().split("case-body")[0]


@pytest.mark.parametrize("table", ["carerecord", "caredecision", "carereading", "pagecheck"])
def test_what_was_written_is_never_changed(borrower: Borrower, table: str) -> None:
    for verb in ("UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(verb.format(f"recovery_{table}"))


def test_a_review_is_within_a_year(borrower: Borrower, frozen_day: date) -> None:
    with pytest.raises(CareRefused) as refused:
        open_care_record(
            borrower=borrower,
            category="health",
            details="x",
            opened_by=None,
            review_on=frozen_day + timedelta(days=400),
        )
    assert refused.value.fields.keys() == {"review_on"}
