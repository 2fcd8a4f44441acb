"""What an import brings into the books, once and again."""

import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from borrowers.importing.errors import ImportRunning
from borrowers.models import (
    Borrower,
    BusinessDate,
    ContactPoint,
    ImportRun,
    Instalment,
    Loan,
    LoanEvent,
    Payment,
    ScheduleVersion,
)
from borrowers.services import record_payment, reverse_payment, set_business_date
from borrowers.signals import books_changed
from creditpath.accounts.models import Role, Team, User
from tests.borrowers.importing.lender import Lender, books, counts


def test_files_become_borrowers_loans_schedules_and_payments(lender: Lender) -> None:
    report = lender.load()

    assert (report.read, report.rejected) == (6, 0)
    assert report.tables["borrowers"] == counts(created=2)
    assert report.tables["loans"] == counts(created=2)
    assert report.tables["instalments"] == counts(created=4)
    assert report.tables["payments"] == counts(created=2)
    ada = Borrower.objects.get(external_id="C1")
    assert (ada.full_name, ada.attributes) == ("Ada Obi", {"segment": "retail"})
    assert ContactPoint.objects.get(borrower=ada).value == "0803"
    loan = Loan.objects.get(external_id="L1")
    assert (loan.borrower, loan.currency, loan.product.code) == (ada, "USD", "personal")
    assert Payment.objects.get(external_id="P2").amount == Decimal("100.50")
    assert BusinessDate.objects.get().day == date(2026, 6, 30)


def test_instalments_add_up_to_the_cent_and_fall_on_month_ends(lender: Lender) -> None:
    lender.load()

    plan = Instalment.objects.filter(loan__external_id="L1").order_by("number")
    assert [(i.due_on, i.principal_amount, i.interest_amount) for i in plan] == [
        (date(2026, 1, 31), Decimal("500.00"), Decimal("50.00")),
        (date(2026, 2, 28), Decimal("500.00"), Decimal("50.01")),
    ]


def test_entries_of_old_books_are_known_from_the_end_of_their_day(lender: Lender) -> None:
    lender.load()

    end = datetime(2026, 1, 30, 23, 59, 59, 999999, timezone.get_default_timezone())
    assert Payment.objects.get(external_id="P1").booked_at == end
    assert timezone.localdate(ScheduleVersion.objects.get(loan__external_id="L1").booked_at) == date(2026, 1, 5)


def test_an_entry_of_a_day_closed_before_is_known_only_from_the_import(lender: Lender) -> None:
    lender.load()
    lender.change("lender.toml", "booked_on_their_day", "booked_now")
    lender.change("payments.csv", "P2,L2", "P3,L1,20,15/05/2026\nP2,L2")
    now = datetime(2026, 7, 2, 9, tzinfo=UTC)

    lender.load(now=now)

    assert Payment.objects.get(external_id="P3").booked_at == now


def test_the_same_files_again_change_nothing(lender: Lender) -> None:
    lender.load()
    before = books()

    report = lender.load()

    assert books() == before
    assert report.tables["borrowers"] == counts(unchanged=2)
    assert report.tables["loans"] == counts(unchanged=2)
    assert report.tables["instalments"] == counts(unchanged=4)
    assert report.tables["payments"] == counts(unchanged=2)


def test_a_changed_attribute_updates_its_borrower_and_an_empty_cell_keeps_what_is_known(lender: Lender) -> None:
    lender.load()
    lender.change("customers.csv", "C1,Ada Obi,0803,retail", "C1,,0803,trade")

    report = lender.load()

    assert report.tables["borrowers"] == counts(updated=1, unchanged=1)
    ada = Borrower.objects.get(external_id="C1")
    assert (ada.full_name, ada.attributes) == ("Ada Obi", {"segment": "trade"})


def test_a_changed_payment_is_reversed_and_entered_anew(lender: Lender) -> None:
    lender.load()
    original = Payment.objects.get(external_id="P1")
    lender.change("payments.csv", "550.00", "540.00")

    report = lender.load()

    assert report.tables["payments"] == counts(updated=1, unchanged=1)
    original.refresh_from_db()
    assert original.amount == Decimal("550.00")
    assert original.reversed_by.amount == Decimal("-550.00")
    assert original.reversed_by.booked_at > original.booked_at
    assert Payment.objects.get(external_id="P1~2").amount == Decimal("540.00")


def test_a_payment_changed_back_and_forth_keeps_its_whole_history(lender: Lender) -> None:
    lender.load()
    lender.change("payments.csv", "550.00", "540.00")
    lender.load()
    lender.change("payments.csv", "540.00", "550.00")
    lender.load()

    again = lender.load()

    amounts = Payment.objects.filter(loan__external_id="L1").order_by("id").values_list("amount", flat=True)
    assert list(amounts) == [Decimal(a) for a in ("550", "-550", "540", "-540", "550")]
    assert again.tables["payments"] == counts(unchanged=2)


def test_a_payment_that_people_reversed_stays_reversed(lender: Lender) -> None:
    lender.load()
    reverse_payment(payment=Payment.objects.get(external_id="P1"))

    report = lender.load()

    assert report.tables["payments"] == counts(unchanged=2)
    assert Payment.objects.filter(loan__external_id="L1").count() == 2
    assert any("left reversed" in note for note in report.notes)


def test_a_changed_schedule_becomes_a_new_version(lender: Lender) -> None:
    lender.load()
    lender.change("loans.csv", "1100.01", "1200.01")

    report = lender.load()

    assert report.tables["instalments"] == counts(updated=2, unchanged=2)
    versions = ScheduleVersion.objects.filter(loan__external_id="L1").order_by("version")
    assert [(v.version, v.reason) for v in versions] == [(1, "original"), (2, "correction")]
    assert versions[1].booked_at > versions[0].booked_at
    assert Instalment.objects.filter(loan__external_id="L1").count() == 4


def test_a_shorter_schedule_is_a_changed_schedule(lender: Lender) -> None:
    lender.load()
    lender.change("lender.toml", "instalments = { constant = 2 }", "instalments = { constant = 1 }")

    report = lender.load()

    assert report.tables["instalments"] == counts(updated=2)
    assert ScheduleVersion.objects.filter(version=2).count() == 2


def test_payments_alone_are_entered_for_loans_in_the_books(lender: Lender) -> None:
    lender.load()
    lender.mapping.write_text(
        lender.mapping.read_text().split("[[source]]")[0]
        + "[[source]]"
        + lender.mapping.read_text().split("[[source]]")[3]
    )
    lender.change("payments.csv", "P2,L2", "P9,L2,10,30/06/2026\nP2,L2")

    report = lender.load()

    assert report.tables["payments"] == counts(created=1, unchanged=2)
    assert report.tables["loans"] == counts()


def test_payments_without_reference_are_recognised_by_loan_day_and_amount(lender: Lender) -> None:
    lender.change("lender.toml", 'external_id = "reference"\n', "")
    lender.write("payments.csv", "loan,amount,paid\nL1,50,30/01/2026\nL1,50,30/01/2026\nL1,60,30/01/2026\n")
    first = lender.load()
    before = books()

    again = lender.load()

    assert first.tables["payments"] == counts(created=3)
    assert again.tables["payments"] == counts(unchanged=3)
    assert books() == before


def test_explicit_instalments_are_taken_as_they_are(lender: Lender) -> None:
    text = lender.mapping.read_text()
    start, end = text.index("[source.schedule]"), text.index('[[source]]\nfiles = "payments.csv"')
    lender.mapping.write_text(
        text[:start]
        + '[[source]]\nfiles = "plan.csv"\n[source.instalment]\nloan = "loan"\ndue_on = "due"\nprincipal_amount = "p"\n'
        + 'interest_amount = "i"\n'
        + text[end:]
    )
    lender.write("plan.csv", "loan,due,p,i\nL1,28/02/2026,600,5\nL1,31/01/2026,400,6\nL2,01/03/2026,500,\n")

    report = lender.load()

    assert report.tables["instalments"] == counts(created=3)
    plan = (
        Instalment.objects.filter(loan__external_id="L1").order_by("number").values_list("number", "principal_amount")
    )
    assert list(plan) == [(1, Decimal(400)), (2, Decimal(600))]


def test_the_report_has_the_keys_that_scripts_rely_on(lender: Lender) -> None:
    out = io.StringIO()
    call_command("import_portfolio", str(lender.folder), mapping=str(lender.mapping), json=True, stdout=out)

    report = json.loads(out.getvalue())
    assert set(report) == {"read", "accepted", "rejected", "seconds", "tables"}
    assert set(report["tables"]) >= {"borrowers", "loans", "instalments", "payments", "actions", "promises"}
    assert report["tables"]["actions"] == counts()


def test_a_dry_run_says_what_would_happen_and_changes_nothing(lender: Lender) -> None:
    before = books()

    report = lender.load(dry_run=True)

    assert report.tables["loans"] == counts(created=2)
    assert books() == before
    assert not ImportRun.objects.exists()
    assert staging_schemas() == []


def test_a_dry_run_shows_what_would_change_before_and_after(lender: Lender) -> None:
    lender.load()
    lender.change("customers.csv", "Ada Obi,0803,retail", "Ada Oby,0803,small")
    lender.change("loans.csv", "L2,C2,500,", "L2,C2,600,")
    lender.change("loans.csv", "01/03/2026,500", "01/03/2026,600")
    lender.change("payments.csv", "P1,L1,550.00", "P1,L1,540.00")

    report = lender.load(dry_run=True)

    assert [str(change) for change in report.changes] == [
        "borrower C1: full_name Ada Obi → Ada Oby",
        "borrower C1: attributes.segment retail → small",
        "loan L2: principal_amount 500.00 → 600.00",
        "payment P1: amount 550.00 → 540.00",
        "instalment L2 no. 1: principal_amount 250.00 → 300.00",
        "instalment L2 no. 2: principal_amount 250.00 → 300.00",
    ]
    assert str(report.changes[0]) in report.summary()
    assert lender.load().changes == ()


def test_an_import_leaves_its_record_and_no_staging(lender: Lender, people: dict[Role, User]) -> None:
    lender.load(started_by=people[Role.ANALYST])

    run = ImportRun.objects.get()
    assert (run.state, run.started_by, run.n_read) == ("published", people[Role.ANALYST], 6)
    assert len(run.source_sha256) == 64
    assert run.tables["payments"] == counts(created=2)
    assert staging_schemas() == []


def test_new_borrowers_go_to_the_team_that_is_asked_for(lender: Lender, team: Team) -> None:
    lender.load(team=team.name)

    assert Borrower.objects.filter(team=team).count() == 2


def test_books_are_not_moved_back_nor_thawed(lender: Lender, frozen_day: date) -> None:
    lender.change("lender.toml", "business_date = 2026-06-30", "business_date = 2026-05-31")

    report = lender.load()

    row = BusinessDate.objects.get()
    assert (row.day, row.is_frozen) == (date(2026, 6, 30), True)
    assert any("2026-05-31" in note for note in report.notes)


def test_without_a_date_the_books_stand_at_the_last_entry(lender: Lender) -> None:
    lender.change("lender.toml", "business_date = 2026-06-30", 'business_date = "latest"')

    lender.load(now=datetime(2026, 8, 1, tzinfo=UTC))

    assert BusinessDate.objects.get().day == date(2026, 3, 2)


def test_touched_loans_are_told_and_untouched_ones_are_not(lender: Lender) -> None:
    lender.load()
    lender.change("payments.csv", "550.00", "540.00")
    told: list[int] = []

    def listen(sender: object, loan_ids: list[int], **kwargs: object) -> None:
        told.extend(loan_ids)

    books_changed.connect(listen)
    try:
        lender.load()
    finally:
        books_changed.disconnect(listen)
    assert told == [Loan.objects.get(external_id="L1").pk]


def test_a_payment_entered_by_hand_is_left_alone(lender: Lender) -> None:
    lender.load()
    set_business_date(day=date(2026, 6, 30))
    record_payment(loan=Loan.objects.get(external_id="L2"), amount=Decimal(5), effective_on=date(2026, 6, 1))

    report = lender.load()

    assert report.tables["payments"] == counts(unchanged=2)
    assert Payment.objects.count() == 3


def test_sources_complete_each_other_and_the_earlier_one_counts(lender: Lender) -> None:
    lender.mapping.write_text(
        lender.mapping.read_text()
        + '[[source]]\nfiles = "more.csv"\n[source.borrower]\nexternal_id = "id"\nfull_name = "name"\nlanguage = "lang"\n'
        + 'attributes.segment = "segment"\nattributes.children = { column = "children", type = "integer" }\n'
    )
    lender.write("more.csv", "id,name,lang,segment,children\nC1,Someone Else,en,x,3\n")

    lender.load()

    ada = Borrower.objects.get(external_id="C1")
    assert (ada.full_name, ada.language, ada.attributes) == ("Ada Obi", "en", {"segment": "retail", "children": 3})


@pytest.mark.parametrize(("rule", "name"), [("first", "Ada Obi"), ("last", "Ada O.")])
def test_differing_rows_are_kept_as_the_mapping_says(lender: Lender, rule: str, name: str) -> None:
    lender.change("customers.csv", "C2,", "C1,Ada O.,0803,retail\nC2,")
    lender.change("lender.toml", "[source.borrower]", f'[source.borrower]\nduplicates = "{rule}"')

    report = lender.load()

    assert Borrower.objects.get(external_id="C1").full_name == name
    assert any(f"the {rule} was kept" in note for note in report.notes)


def test_identical_rows_count_once_and_are_told(lender: Lender) -> None:
    lender.change("customers.csv", "C2,", "C1,Ada Obi,0803,retail\nC2,")

    report = lender.load()

    assert (report.read, report.rejected) == (7, 0)
    assert report.tables["borrowers"] == counts(created=2)
    assert any("identical" in note for note in report.notes)


@pytest.mark.django_db(transaction=True)
def test_a_second_import_at_the_same_time_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    lender = Lender(tmp_path_factory.mktemp("lender"))
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtext('creditpath import'))")
        with pytest.raises(ImportRunning):
            lender.load()
    finally:
        other.close()


def staging_schemas() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'import\\_%'")
        return [name for (name,) in cursor.fetchall()]


def test_a_write_off_becomes_an_event_and_another_day_revokes_it(lender: Lender) -> None:
    lender.change("lender.toml", 'approved_on = "approved"', 'approved_on = "approved"\nwritten_off_on = "gone"')
    lender.change("loans.csv", "first due,total", "first due,total,gone")
    lender.change("loans.csv", "1100.01", "1100.01,01/05/2026")
    lender.change("loans.csv", "01/03/2026,500", "01/03/2026,500,")
    lender.load()
    written_off = LoanEvent.objects.get()
    assert (written_off.loan.external_id, written_off.kind, written_off.effective_on) == (
        "L1", "written_off", date(2026, 5, 1),
    )  # fmt: skip
    assert timezone.localdate(written_off.booked_at) == date(2026, 5, 1)

    assert lender.load().tables["loans"] == counts(unchanged=2)
    assert LoanEvent.objects.count() == 1

    lender.change("loans.csv", "01/05/2026", "03/05/2026")
    assert lender.load().tables["loans"] == counts(updated=1, unchanged=1)
    assert LoanEvent.objects.get(revokes=written_off).kind == "revoked"
    standing = LoanEvent.objects.get(kind="written_off", revoked_by__isnull=True)
    assert standing.effective_on == date(2026, 5, 3)
