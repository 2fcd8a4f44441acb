"""Evidence packs over REST."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from borrowers.models import Borrower
from creditpath.accounts.models import Role, User
from creditpath.exports.models import ExportRun
from recovery.evidence.sealing import seal_evidence
from recovery.models import EvidenceEvent
from tests.factories import make_contact

Clients = Callable[[Role], Client]


def test_pack_is_the_one_of_the_page_and_who_took_it_is_logged(
    case: Borrower, people: dict[Role, User], client_of: Clients
) -> None:
    client = client_of(Role.COMPLIANCE)
    pack = client.get(f"/api/v1/borrowers/{case.pk}/evidence-pack/").json()
    page = client.get(f"/borrowers/{case.pk}/evidence.json").json()
    assert {**pack, "made_at": None} == {**page, "made_at": None}
    assert len(pack["events"]) == EvidenceEvent.objects.filter(borrower=case).count() > 0
    paper = client.get(f"/api/v1/borrowers/{case.pk}/evidence-pack.pdf", headers={"accept": "application/pdf"})
    assert (paper.status_code, paper["Content-Type"], paper.content[:5]) == (200, "application/pdf", b"%PDF-")
    runs = ExportRun.objects.order_by("id").values_list("form", "exported_by__username", "n_rows")
    assert list(runs) == [(form, "compliance", len(pack["events"])) for form in ("json", "json", "pdf")]


@pytest.mark.parametrize("end", ["/", ".pdf"])
def test_only_who_keeps_evidence_takes_packs(
    case: Borrower, people: dict[Role, User], client_of: Clients, end: str
) -> None:
    address = f"/api/v1/borrowers/{case.pk}/evidence-pack{end}"
    assert Client().get(address).status_code == 401
    for role in set(Role) - {Role.COMPLIANCE, Role.ADMIN}:
        refused = client_of(role).get(address, headers={"accept": "application/pdf, application/json"})
        assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied"), role
    assert not ExportRun.objects.exists()
    assert client_of(Role.ADMIN).get(f"/api/v1/borrowers/{10**30}/evidence-pack{end}").status_code == 404
    assert client_of(Role.ADMIN).get(f"{address}?x=1").status_code == 400


def test_queries_do_not_grow_with_the_chain(case: Borrower, people: dict[Role, User], client_of: Clients) -> None:
    client, counts = client_of(Role.ADMIN), []
    for _ in range(2):
        seal_evidence()
        with CaptureQueriesContext(connection) as captured:
            client.get(f"/api/v1/borrowers/{case.pk}/evidence-pack/")
        counts.append(len(captured))
        for hour in range(9, 17):
            at = datetime(2026, 6, 10, hour, tzinfo=UTC)
            make_contact(case, at.date(), note="again", happened_at=at)
    assert counts[0] == counts[1]
