"""Trainings asked for, watched, cancelled and started again from the pages."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from creditpath.accounts.models import Role
from creditpath.jobs.models import Job
from creditpath.jobs.registry import GENERAL, TRAINING
from creditpath.jobs.worker import WorkerLoop
from scoring.ml.candidates import CANDIDATES
from scoring.training import jobs
from scoring.training.forms import NAMES

PAGE = "/models/training/"
ASKED = {"purpose": "default", "candidates": ["logistic"]}
ClientOf = Callable[[Role], Client]

pytestmark = pytest.mark.django_db


def test_the_form_offers_the_candidates_there_are() -> None:
    assert list(NAMES) == list(CANDIDATES)


def test_a_training_is_asked_for_in_ones_own_name_and_once(client_of: ClientOf) -> None:
    client = client_of(Role.DATA_SCIENTIST)
    answer = client.post(PAGE, ASKED)
    job = Job.objects.get(name="train_models")
    assert answer.headers["Location"] == f"{PAGE}{job.pk}/"
    assert job.created_by is not None
    assert job.arguments["as"] == job.created_by.username
    assert (job.arguments["purpose"], job.arguments["candidates"]) == ("default", ["logistic"])
    assert "Waiting for its turn" in client.get(f"{PAGE}{job.pk}/").content.decode()

    again = client.post(PAGE, ASKED)
    assert again.status_code == 400
    assert "waits or runs" in again.content.decode()
    assert client.post(PAGE, ASKED | {"purpose": "pays_30"}).status_code == 302
    assert Job.objects.filter(name="train_models").count() == 2


def test_tuning_costs_and_segment_are_asked_for_on_the_page_and_told_there(client_of: ClientOf) -> None:
    client = client_of(Role.DATA_SCIENTIST)
    more = {"segment": "1-30", "trials": "20", "seconds": "90", "false_alarm": "1", "missed": "6.5"}
    assert client.post(PAGE, ASKED | more).status_code == 302
    job = Job.objects.get(name="train_models")
    words = jobs.as_arguments(job.arguments)
    assert {"--trials=20", "--seconds=90.0", "--segment=1-30"} <= set(words)
    assert words[words.index("--costs") :][1:3] == ["1.0", "6.5"]
    page = client.get(f"{PAGE}{job.pk}/").content.decode()
    assert "20 settings tried for each, within 90 seconds" in page
    assert "1 a false alarm, 6.5 a missed bad one" in page


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"candidates": []}, "Choose at least one candidate"),
        ({"purpose": "attribute"}, "Name the column"),
        ({"purpose": "attribute", "attribute": "flag", "bad": "1", "horizon_days": 9}, "has no horizon"),
        ({"candidates": ["forest"]}, "forest"),
        ({"seconds": "60"}, "Say how many settings are tried"),
        ({"missed": "8"}, "State both costs, or neither"),
        ({"trials": "0"}, "greater than or equal to 1"),
        ({"false_alarm": "nan", "missed": "1"}, "Enter a number"),
    ],
)
def test_a_training_that_makes_no_sense_is_not_asked_for(
    given: dict[str, object], said: str, client_of: ClientOf
) -> None:
    answer = client_of(Role.ADMIN).post(PAGE, ASKED | given)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not Job.objects.exists()


def test_readers_of_models_watch_and_start_nothing(client_of: ClientOf) -> None:
    job = Job.objects.create(name="train_models", arguments=ASKED)
    client = client_of(Role.ANALYST)
    assert "<form" not in client.get(f"{PAGE}{job.pk}/").content.decode().partition("<main")[2].partition("</main")[0]
    for address in (PAGE, f"{PAGE}{job.pk}/cancellation/", f"{PAGE}{job.pk}/retrial/"):
        assert client.post(address, ASKED).status_code == 403
    assert client_of(Role.AGENT).get(PAGE).status_code == 403


def test_a_training_is_cancelled_and_started_again(client_of: ClientOf) -> None:
    client = client_of(Role.DATA_SCIENTIST)
    client.post(PAGE, ASKED)
    job = Job.objects.get(name="train_models")
    client.post(f"{PAGE}{job.pk}/cancellation/")
    assert "Nothing of it is registered" in client.get(f"{PAGE}{job.pk}/").content.decode()
    client.post(f"{PAGE}{job.pk}/retrial/")
    job.refresh_from_db()
    assert job.state == Job.State.QUEUED


def test_what_the_command_says_is_the_log_and_its_failure_is_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, client_of: ClientOf
) -> None:
    said = (
        "print('1/4 features of <b>9</b> cases', 'a note', 'No observation day is over.', sep=chr(10), file=sys.stderr)"
    )
    (tmp_path / "manage.py").write_text(f"import sys; {said}; sys.exit(1)")
    monkeypatch.setattr(jobs, "MANAGE", tmp_path / "manage.py")
    client = client_of(Role.DATA_SCIENTIST)
    client.post(PAGE, ASKED)
    assert WorkerLoop(queue=GENERAL).work_off() == 0
    assert WorkerLoop(queue=TRAINING).work_off() == 1
    job = Job.objects.get(name="train_models")
    assert job.state == Job.State.DEAD
    page = client.get(f"{PAGE}{job.pk}/").content.decode()
    assert "features of &lt;b&gt;9&lt;/b&gt; cases" in page
    assert "a note" in page
    assert "No observation day is over. Nothing of it is registered." in page


def test_the_training_ends_with_a_worker_that_is_killed(tmp_path: Path) -> None:
    """Else it would register models of a job that is given up."""
    house = Path(jobs.MANAGE).parent
    program = (
        f"import sys, time; sys.path.insert(0, {str(house)!r}); from creditpath.kinship import end_with;"
        "end_with(int(sys.argv[1].partition('=')[2])); print(__import__('os').getpid(), flush=True); time.sleep(60)"
    )
    call = f"['nice', sys.executable, '-c', {program!r}, f'--ends-with={{os.getpid()}}']"
    starter = f"import os, subprocess, sys; subprocess.run({call})"
    with subprocess.Popen([sys.executable, "-c", starter], stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        child = int(worker.stdout.readline())
        worker.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and _runs(child):
        time.sleep(0.02)
    assert not _runs(child)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
