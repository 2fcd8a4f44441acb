"""The wizard from files to the books, as a person sees it, with a real worker in between."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from borrowers.models import Borrower, ImportRun, Loan, Payment, Upload
from creditpath.accounts.models import Role, Team
from tests.borrowers.importing.lender import CUSTOMERS, LOANS, PAYMENTS
from tests.borrowers.wizard.conftest import form_of, latest, send, work

Clients = Callable[[Role], Client]
LINES = "loan no,customer,principal,approved\n"
GOOD = "".join(f"L{n},C{n},{n + 1}00.00,2026-01-{n % 28 + 1:02}\n" for n in range(40))

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(client_of: Clients) -> Client:
    return client_of(Role.MANAGER)


def walk(client: Client, files: dict[str, str], **changes: str) -> Upload:
    """Go from files to a check."""
    send(client, **files)
    work()
    upload = latest()
    client.post(f"/import/{upload.pk}/mapping/", form_of(upload, **{"currency": "USD", **changes}))
    work()
    return latest()


def test_linked_files_go_from_upload_to_the_books(client: Client, team: Team) -> None:
    answer = send(client, customers_csv=CUSTOMERS, loans_csv=LOANS, payments_csv=PAYMENTS)
    upload = latest()
    assert answer.headers["Location"] == f"/import/{upload.pk}/"
    page = client.get(f"/import/{upload.pk}/").content.decode()
    assert "Looking at your files" in page
    assert 'http-equiv="refresh"' in page
    work()
    page = client.get(f"/import/{upload.pk}/").content.decode()
    assert "What is what?" in page
    assert "No column has it, so it must be said" in page
    assert client.post(f"/import/{upload.pk}/mapping/", form_of(latest(), currency="USD")).status_code == 302
    work()
    page = client.get(f"/import/{upload.pk}/").content.decode()
    assert "Every row is good" in page
    assert not Loan.objects.exists()
    client.post(f"/import/{upload.pk}/start/", {"team": team.pk})
    work()
    page = client.get(f"/import/{upload.pk}/").content.decode()
    assert "Imported" in page
    assert "Make today’s list" in page
    upload = latest()
    assert upload.run is not None
    assert (upload.run.n_read, upload.run.n_rejected, upload.run.started_by.username) == (6, 0, "manager")
    assert (Loan.objects.count(), Payment.objects.count()) == (2, 2)
    assert set(Borrower.objects.values_list("team__name", flat=True)) == {"North"}
    report = client.get(f"/import/{upload.pk}/report/")
    assert b"Data report" in b"".join(report.streaming_content)
    assert "default-src 'none'" in report.headers["Content-Security-Policy"]


def test_same_file_again_is_told_and_its_mapping_is_remembered(client: Client) -> None:
    first = walk(client, {"loans_csv": LINES + GOOD}, customer="attribute")
    client.post(f"/import/{first.pk}/start/")
    work()
    send(client, loans_csv=LINES + GOOD)
    work()
    again = latest()
    assert again.remembered_from == first
    assert again.draft["currency"] == "USD"
    assert "customer" in tomllib.loads(again.mapping)["source"][0]["loan"]["attributes"]
    page = client.get(f"/import/{again.pk}/").content.decode()
    assert "This very file was imported before" in page
    assert "its mapping was taken over" in page
    client.post(f"/import/{again.pk}/redraft/")
    work()
    assert latest().remembered_from is None


def test_next_months_file_takes_the_mapping_over_with_its_own_name(client: Client) -> None:
    first = walk(client, {"loans-2026-05_csv": LINES + GOOD})
    client.post(f"/import/{first.pk}/start/")
    work()
    send(client, **{"loans-2026-06_csv": LINES + GOOD.replace("L1", "M1")})
    work()
    mapping = tomllib.loads(latest().mapping)
    assert mapping["defaults"]["currency"] == "USD"
    assert mapping["source"][0]["files"] == "loans-2026-06.csv"


def test_few_bad_rows_are_left_out_and_can_be_downloaded(client: Client) -> None:
    upload = walk(client, {"loans_csv": LINES + GOOD + "L90,C1,abc,2026-01-05\n"})
    page = client.get(f"/import/{upload.pk}/").content.decode()
    assert "Nearly all rows are good" in page
    assert "is not an amount" in page
    client.post(f"/import/{upload.pk}/start/")
    work()
    assert (latest().run.n_read, latest().run.n_rejected, Loan.objects.count()) == (41, 1, 40)
    rejected = client.get(f"/import/{upload.pk}/rejects.csv")
    assert rejected.headers["Content-Disposition"].startswith("attachment")
    assert b"is not an amount" in b"".join(rejected.streaming_content)


def test_import_with_many_bad_rows_is_locked_until_it_is_confirmed_with_a_reason(client: Client) -> None:
    bad = "".join(f"B{n},C1,abc,2026-01-05\n" for n in range(4))
    upload = walk(client, {"loans_csv": LINES + GOOD + bad})
    assert "Many rows would be rejected" in client.get(f"/import/{upload.pk}/").content.decode()
    for sent in ({}, {"is_confirmed": "on"}, {"reason": "because"}):
        page = client.post(f"/import/{upload.pk}/start/", sent).content.decode()
        assert "confirm and say why" in page
    assert latest().stage == Upload.Stage.CHECKED
    client.post(f"/import/{upload.pk}/start/", {"is_confirmed": "on", "reason": "old test rows"})
    work()
    assert (latest().stage, latest().reason, Loan.objects.count()) == (Upload.Stage.DONE, "old test rows", 40)


def test_pressing_import_twice_imports_once(client: Client) -> None:
    upload = walk(client, {"loans_csv": LINES + GOOD})
    client.post(f"/import/{upload.pk}/start/")
    client.post(f"/import/{upload.pk}/start/")
    work()
    client.post(f"/import/{upload.pk}/start/")
    work()
    assert ImportRun.objects.count() == 1


def test_wrong_mapping_by_hand_is_told_and_the_typed_text_stays(client: Client) -> None:
    send(client, loans_csv=LINES + GOOD)
    work()
    upload = latest()
    text = upload.mapping.replace("principal_amount", "principle_amount")
    page = client.post(f"/import/{upload.pk}/mapping/", {"use": "text", "mapping": text}).content.decode()
    assert "did you mean" in page
    assert "principle_amount = " in page
    assert "principle_amount" not in latest().mapping


def test_mapping_by_hand_is_used_until_the_choices_are(client: Client) -> None:
    send(client, loans_csv=LINES + GOOD)
    work()
    upload = latest()
    text = upload.mapping.replace('# currency = "USD"', 'currency = "EUR" #')
    client.post(f"/import/{upload.pk}/mapping/", {"use": "text", "mapping": text})
    assert (latest().is_hand_written, latest().mapping) == (True, text)
    client.post(f"/import/{upload.pk}/mapping/", form_of(upload, currency="USD"))
    work()
    assert latest().mapping == text
    client.post(f"/import/{upload.pk}/mapping/", form_of(upload, currency="USD", use="form"))
    assert 'currency = "USD"' in latest().mapping


def test_two_columns_for_one_field_are_refused_in_words(client: Client) -> None:
    send(client, loans_csv=LINES + GOOD)
    work()
    upload = latest()
    sent = form_of(upload, currency="USD", customer="loan.external_id")
    page = client.post(f"/import/{upload.pk}/mapping/", sent).content.decode()
    assert "loan no and customer both go to loan, external id" in page


def test_table_that_lacks_a_field_says_which(client: Client) -> None:
    send(client, loans_csv="loan no,customer,principal\n" + "".join(f"L{n},C{n},{n + 1}00\n" for n in range(9)))
    work()
    page = client.get(f"/import/{latest().pk}/").content.decode()
    assert "Missing: Loan: day of approval or payout" in page


def test_dates_whose_order_cannot_be_told_are_asked_for(client: Client) -> None:
    rows = "".join(f"L{n},C{n},100,0{n % 9 + 1}/0{n % 8 + 1}/2026\n" for n in range(9))
    send(client, loans_csv=LINES + rows)
    work()
    upload = latest()
    assert "month first" in client.get(f"/import/{upload.pk}/").content.decode()
    client.post(f"/import/{upload.pk}/mapping/", form_of(upload, currency="USD", **{"order-0": "md"}))
    assert '"%m/%d/%Y"' in latest().mapping


def test_unreadable_file_is_refused_with_its_reason(client: Client) -> None:
    send(client, loans_xlsx=b"PK\x03\x04 but no workbook")
    work()
    assert latest().stage == Upload.Stage.REFUSED
    assert "This cannot be read" in client.get(f"/import/{latest().pk}/").content.decode()


def test_missing_worker_is_told(client: Client) -> None:
    send(client, loans_csv=LINES + GOOD)
    assert "No worker is running" in client.get(f"/import/{latest().pk}/").content.decode()


def test_step_out_of_order_is_refused(client: Client) -> None:
    send(client, loans_csv=LINES + GOOD)
    work()
    client.post(f"/import/{latest().pk}/start/")
    assert latest().stage == Upload.Stage.MAPPING


def test_files_are_forgotten_after_a_month(client: Client, import_root: Path) -> None:
    from datetime import timedelta

    from django.utils import timezone

    from borrowers.wizard.jobs import forget_old_uploads

    send(client, loans_csv=LINES + GOOD)
    assert len(list(import_root.iterdir())) == 1
    Upload.objects.update(uploaded_at=timezone.now() - timedelta(days=31))
    forget_old_uploads()
    assert list(import_root.iterdir()) == []
    assert not Upload.objects.exists()


@pytest.mark.parametrize("role", [Role.AGENT, Role.ANALYST, Role.COMPLIANCE, Role.DATA_SCIENTIST, Role.INTEGRATION])
def test_other_roles_may_not_import(client_of: Clients, role: Role) -> None:
    assert client_of(role).get("/import/").status_code == 403
    assert send(client_of(role), loans_csv=LINES).status_code == 403
    assert not Upload.objects.exists()


def test_anonymous_is_sent_to_the_log_in_before_a_byte_is_read() -> None:
    answer = send(Client(enforce_csrf_checks=True), loans_csv=LINES)
    assert answer.headers["Location"].startswith("/accounts/login/")


def test_pages_cost_few_queries(client: Client, django_assert_max_num_queries: Callable) -> None:
    upload = walk(client, {"loans_csv": LINES + GOOD})
    for address in ("/import/", f"/import/{upload.pk}/", f"/import/{upload.pk}/?step=map"):
        with django_assert_max_num_queries(9):
            assert client.get(address).status_code == 200


def test_todays_list_follows_from_a_button(client: Client, team: Team) -> None:
    upload = walk(client, {"loans_csv": LOANS, "payments_csv": PAYMENTS})
    client.post(f"/import/{upload.pk}/start/", {"team": team.pk})
    work()
    client.post("/worklist/today/")
    assert "Making today" in client.get("/worklist/today/").content.decode()
    work()
    page = client.get("/worklist/today/").content.decode()
    assert "Today’s list is ready" in page
    assert "No model is live yet" in page
