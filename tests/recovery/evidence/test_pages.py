"""The page of evidence, the files it gives, and the list of what is kept and erased."""

import json
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from borrowers.models import Borrower
from creditpath.accounts.models import Role
from creditpath.exports.models import ExportRun
from recovery.contacts.services import set_hold
from recovery.evidence.sealing import seal_evidence
from recovery.models import ErasureDecision, ErasureRequest, EvidenceEvent, LegalHold
from tests.recovery.evidence.conftest import run_unguarded

pytestmark = pytest.mark.django_db
Clients = Callable[[Role], Client]


def test_pack_is_taken_as_json_and_pdf_and_logged(case: Borrower, client_of: Clients) -> None:
    client = client_of(Role.COMPLIANCE)
    answer = client.get(f"/borrowers/{case.pk}/evidence.json")
    assert answer["Content-Disposition"].startswith('attachment; filename="evidence-')
    pack = json.loads(answer.content)
    assert pack["chain"]["length"] == len(pack["events"]) == EvidenceEvent.objects.filter(borrower=case).count()
    paper = client.get(f"/borrowers/{case.pk}/evidence.pdf")
    assert paper.content.startswith(b"%PDF-")
    taken = ExportRun.objects.filter(model="recovery.evidenceevent").order_by("id")
    assert [(run.form, run.n_rows) for run in taken] == [("json", len(pack["events"])), ("pdf", len(pack["events"]))]
    for role in (Role.AGENT, Role.ANALYST, Role.DATA_SCIENTIST, Role.INTEGRATION):
        assert client_of(role).get(f"/borrowers/{case.pk}/evidence.json").status_code == 403


def test_pdf_draws_hostile_text(case: Borrower, client_of: Clients) -> None:
    set_hold(
        borrower=case,
        kind="attorney",
        reason="**b** <b>x</b> [a](http://x) \x1f \u202e \U0001f600 " + "w" * 300,
        set_by=None,
    )
    assert client_of(Role.ADMIN).get(f"/borrowers/{case.pk}/evidence.pdf").content.startswith(b"%PDF-")


def test_page_says_whether_the_chain_is_whole(case: Borrower, client_of: Clients) -> None:
    client = client_of(Role.MANAGER)
    assert "Nothing is sealed yet" in client.get(f"/borrowers/{case.pk}/evidence/").content.decode()
    seal_evidence()
    assert "whole" in client.get(f"/borrowers/{case.pk}/evidence/").content.decode()
    run_unguarded("borrowers_contactevent", "UPDATE borrowers_contactevent SET outcome = 'paid' WHERE note <> ''")
    page = client.get(f"/borrowers/{case.pk}/evidence/").content.decode()
    assert "broken" in page
    assert "its facts were changed" in page
    assert "Set a legal hold" not in page, "managers read; compliance keeps"


def test_queries_do_not_grow_with_the_chain(case: Borrower, client_of: Clients) -> None:
    client = client_of(Role.COMPLIANCE)
    seal_evidence()
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(f"/borrowers/{case.pk}/evidence/")
    for number in range(20):
        set_hold(borrower=case, kind="cease", reason=f"again {number}", set_by=None)
    seal_evidence()
    with CaptureQueriesContext(connection) as many:
        client.get(f"/borrowers/{case.pk}/evidence/")
    assert len(many) == len(few)


def test_erasure_goes_through_the_pages(old_case: Borrower, client_of: Clients) -> None:
    seal_evidence()
    compliance, admin = client_of(Role.COMPLIANCE), client_of(Role.ADMIN)
    assert str(old_case) in compliance.get("/retention/").content.decode()
    assert compliance.post(f"/borrowers/{old_case.pk}/erasures/", {"origin": "elsewhere"}).status_code == 400
    compliance.post(f"/borrowers/{old_case.pk}/erasures/", {"origin": "retention"})
    request = ErasureRequest.objects.get()
    compliance.post(f"/erasures/{request.pk}/", {"decision": "erase"})
    assert not ErasureDecision.objects.exists(), "who asked does not decide"
    admin.post(f"/borrowers/{old_case.pk}/legal-holds/", {"reason": "Smith v. us"})
    admin.post(f"/erasures/{request.pk}/", {"decision": "erase"})
    assert not ErasureDecision.objects.exists()
    admin.post(f"/legal-holds/{LegalHold.objects.get().pk}/lift/", {"reason": "settled"})
    answer = admin.post(f"/erasures/{request.pk}/", {"decision": "erase"}, follow=True)
    assert "Erased." in answer.content.decode()
    assert "She lost her job" not in admin.get(f"/borrowers/{old_case.pk}/contacts/").content.decode()
    assert "[erased]" in admin.get(f"/borrowers/{old_case.pk}/").content.decode()
