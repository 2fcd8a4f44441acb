"""Alive, ready, figures."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from creditpath.accounts.models import Role
from creditpath.jobs.models import Job, Worker

Clients = Callable[[Role], Client]


def test_alive_is_told_to_anybody_without_a_look_at_the_database(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_ready_and_figures_are_not_for_anybody(client: Client) -> None:
    for address in ("/readyz", "/metrics"):
        assert client.get(address).status_code == 401


def test_ready_needs_a_living_worker(client_of: Clients) -> None:
    client = client_of(Role.INTEGRATION)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (
        503,
        {"ready": False, "database": True, "migrations": True, "worker": False},
    )
    Worker.objects.create(name="w")
    assert client.get("/readyz").status_code == 200


def test_figures_are_in_the_text_format_of_prometheus(client_of: Clients) -> None:
    Job.objects.create(name="x", run_after=timezone.now() - timedelta(seconds=90))
    Job.objects.create(name="x", state=Job.State.DEAD)
    headers = {"Accept": "application/openmetrics-text;version=1.0.0"}
    answer = client_of(Role.INTEGRATION).get("/metrics", headers=headers)
    assert answer.headers["Content-Type"].startswith("text/plain")
    lines = answer.content.decode().splitlines()
    figures = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    assert figures['creditpath_jobs{state="dead"}'] == "1.0"
    assert 89 < float(figures["creditpath_job_queue_age_seconds"]) < 120
