"""The orchestration of the demo; its verbs have tests of their own, the whole of it is in tests/acceptance."""

import stat
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from borrowers.models import Borrower
from creditpath.accounts.models import Role, Team, User
from recovery import demo
from recovery.demo import Step, create_people, find_answers, logins_file, prepare_demo

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_var(tmp_path: Path, settings: LazySettings) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path


@pytest.fixture
def verbs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Short steps in place of the long ones; returns what was done, in order. The second fails once."""
    performed: list[str] = []

    def simulate(answers: demo.Answers) -> Any:
        Borrower.objects.create(external_id="half", full_name="Half A. Borrower")
        performed.append("simulate")
        if performed.count("simulate") == 1:
            raise KeyboardInterrupt
        return {"borrowers": Borrower.objects.count()}

    def score(answers: demo.Answers) -> Any:
        performed.append("score")
        return {"of": answers["simulate"]["borrowers"]}

    steps = [Step("people", lambda answers: create_people()), Step("simulate", simulate), Step("score", score)]
    monkeypatch.setattr(demo, "steps_for", lambda loans: steps)
    return performed


def prepare() -> demo.DemoReport:
    return prepare_demo(loans=10, say=lambda line: None)


def test_database_with_data_of_its_own_is_left_alone() -> None:
    User.objects.create_user("somebody")
    report = prepare()
    assert not report.is_demo
    assert (User.objects.count(), Team.objects.count(), Borrower.objects.count()) == (1, 0, 0)
    assert not logins_file().exists()
    assert find_answers() == {}


def test_interrupted_demo_is_taken_up_where_it_stopped_and_nothing_is_double(verbs: list[str]) -> None:
    with pytest.raises(KeyboardInterrupt):
        prepare()
    logins = logins_file().read_text()
    assert not Borrower.objects.exists(), "half a step is undone"

    report = prepare()
    assert report.done == ("simulate", "score")
    assert verbs == ["simulate", "simulate", "score"]
    assert find_answers()["score"] == {"of": 1}
    assert logins_file().read_text() == logins


def test_finished_demo_is_not_touched_again(verbs: list[str]) -> None:
    with pytest.raises(KeyboardInterrupt):
        prepare()
    prepare()
    before = list(verbs)
    assert prepare().done == ()
    assert verbs == before


def test_every_role_can_log_in_with_what_the_file_says_and_only_its_owner_can_read_it() -> None:
    create_people()
    logins = dict(line.split()[:2] for line in logins_file().read_text().splitlines())
    assert {Role(user.role) for user in User.objects.all()} == set(Role)
    assert {role.value for role in Role} <= set(logins)
    assert all(User.objects.get(username=name).check_password(password) for name, password in logins.items())
    assert len(set(logins.values())) == len(logins)
    assert stat.S_IMODE(logins_file().stat().st_mode) == 0o600
