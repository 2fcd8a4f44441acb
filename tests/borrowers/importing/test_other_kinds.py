"""What hangs on borrowers and loans: consents, parties, charges, events, statements, snapshots, contacts, promises."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from borrowers.importing.errors import MappingInvalid, RowsRejected
from borrowers.importing.services import ImportReport, import_portfolio
from borrowers.models import (
    AttributeDefinition,
    BalanceSnapshot,
    Charge,
    Collateral,
    Consent,
    ContactEvent,
    ContactPoint,
    Loan,
    LoanEvent,
    LoanParty,
    Payment,
    Promise,
    Statement,
)
from borrowers.signals import books_changed
from creditpath.accounts.models import Role, User
from tests.borrowers.importing.lender import Lender, counts

MAPPING = """
[[source]]
files = "points.csv"
[source.contact_point]
borrower = "customer"
kind = "kind"
value = "value"
is_preferred = "preferred"
[source.consent]
if_given = "consent"
is_given = "consent"
origin = { constant = "loan application" }
wording = "wording"
happened_at = "when"

[[source]]
files = "parties.csv"
[source.party]
loan = "loan"
person = "person"
role = { column = "role", values = { co = "co_borrower", guarantor = "guarantor", poa = "authorised" } }
authority = "proof"
since = "since"
until = "until"

[[source]]
files = "charges.csv"
[source.charge]
external_id = "id"
loan = "loan"
kind = { constant = "late_fee" }
amount = "amount"
effective_on = "day"
waived_on = "waived"

[[source]]
files = "events.csv"
[source.event]
loan = "loan"
kind = "kind"
counterparty = "to"
amount = "amount"
effective_on = "day"

[[source]]
files = "statements.csv"
[source.statement]
loan = "loan"
stated_on = "stated"
due_on = "due"
principal_amount = "minimum"
balance_amount = "balance"

[[source]]
files = "snapshots.csv"
[source.snapshot]
loan = "loan"
as_of = "day"
days_past_due = "dpd"
outstanding_amount = "balance"
status = "status"

[[source]]
files = "contacts.csv"
[source.contact]
external_id = "id"
loan = "loan"
channel = { constant = "call" }
outcome = "outcome"
agent = "agent"
note = "note"
contact_point = "number"
talk_minutes = "minutes"
wrap_up_minutes = { constant = 1 }
text_sent = "text"
is_connected = "connected"
happened_at = "at"
[source.promise]
if_given = "promised"
external_id = "id"
amount = "promised"
made_on = "at"
due_on = "by"

[[source]]
files = "collateral.csv"
[source.collateral]
loan = "loan"
reference = "plate"
kind = { constant = "car" }
value_amount = "value"
valued_on = "day"
"""
FILES = {
    "points.csv": "customer,kind,value,preferred,consent,wording,when\n"
    "C1,phone,0803,yes,yes,You may call me,05/01/2026\nC1,email,ada@example.com,no,,,\n",
    "parties.csv": "loan,person,role,proof,since,until\nL1,C2,guarantor,,05/01/2026,\nL2,C1,poa,power of attorney,01/02/2026,\n",
    "charges.csv": "id,loan,amount,day,waived\nF1,L1,15.00,10/02/2026,\n",
    "events.csv": "loan,kind,to,amount,day\nL2,placed,Northwind,,01/06/2026\n",
    "statements.csv": "loan,stated,due,minimum,balance\nL2,01/04/2026,20/04/2026,50.00,480.00\n",
    "snapshots.csv": "loan,day,dpd,balance,status\nL1,31/05/2026,12,310.20,late\nL1,30/06/2026,42,310.20,late\n",
    "contacts.csv": "id,loan,outcome,agent,note,connected,at,promised,by,number,minutes,text\n"
    "K1,L1,promise,ada,will pay,yes,2026-06-20T10:00:00,100.00,2026-06-27,0803,4.5,\n"
    "K2,L2,no_answer,,,no,2026-06-21 11:30,,,0999,,Please call us.\n",
    "collateral.csv": "loan,plate,value,day\nL1,AB-123,9000,05/01/2026\n",
}
KINDS = {
    "contact_points": 2, "consents": 1, "parties": 2, "charges": 1, "events": 1, "statements": 1, "snapshots": 2,
    "actions": 2, "promises": 1, "collateral": 1,
}  # fmt: skip


@pytest.fixture
def whole(lender: Lender) -> Lender:
    """A lender whose export has every kind of file."""
    User.objects.create_user("ada", role=Role.AGENT)
    lender.mapping.write_text(lender.mapping.read_text() + MAPPING)
    for name, content in FILES.items():
        lender.write(name, content)
    return lender


def of(report: ImportReport) -> dict[str, dict[str, int]]:
    return {name: report.tables[name] for name in KINDS}


def test_every_kind_of_file_comes_into_the_books(whole: Lender) -> None:
    report = whole.load()

    # the telephone number of the borrower's own row is there already when the contact points come
    expected = {name: counts(created=n) for name, n in KINDS.items()}
    expected["contact_points"] = {"created": 1, "updated": 1, "unchanged": 0}
    assert of(report) == expected
    point = ContactPoint.objects.get(value="0803")
    assert point.is_preferred
    consent = Consent.objects.get()
    assert (consent.contact_point, consent.is_given, consent.source) == (point, True, "loan application")
    assert consent.wording == "You may call me"
    third = LoanParty.objects.get(role="authorised")
    assert (third.person.external_id, third.authority) == ("C1", "power of attorney")
    assert Charge.objects.get().amount == Decimal("15.00")
    assert LoanEvent.objects.get().counterparty == "Northwind"
    assert Statement.objects.get().balance_amount == Decimal("480.00")
    assert list(BalanceSnapshot.objects.order_by("as_of").values_list("days_past_due", flat=True)) == [12, 42]
    promise = Promise.objects.get()
    assert promise.contact_event is not None
    assert (promise.contact_event.external_id, promise.due_on) == ("K1", date(2026, 6, 27))
    contact = ContactEvent.objects.get(external_id="K1")
    assert contact.agent is not None
    assert (contact.agent.username, contact.borrower.external_id, contact.reached_borrower) == ("ada", "C1", True)
    assert (contact.contact_point, contact.talk_minutes, contact.wrap_up_minutes) == (point, Decimal("4.50"), 1)
    unheard = ContactEvent.objects.get(external_id="K2")
    assert (contact.is_connected, unheard.is_connected) == (True, False)
    assert unheard.contact_point is not None  # a number that the books lacked
    assert (unheard.contact_point.kind, unheard.contact_point.value, unheard.text_sent) == (
        "phone",
        "0999",
        "Please call us.",
    )
    assert Collateral.objects.get().value_amount == Decimal("9000")
    assert AttributeDefinition.objects.get().type == "text"


def test_the_same_files_of_every_kind_again_change_nothing(whole: Lender) -> None:
    whole.load()
    tables: list[Any] = [
        ContactPoint, Consent, LoanParty, Charge, LoanEvent, Statement, BalanceSnapshot, ContactEvent, Promise, Collateral,
    ]  # fmt: skip
    before = [list(table.objects.order_by("pk").values()) for table in tables]

    report = whole.load()

    assert of(report) == {name: counts(unchanged=n) for name, n in KINDS.items()}
    assert [list(table.objects.order_by("pk").values()) for table in tables] == before


@pytest.mark.parametrize(
    ("name", "file", "before", "after"),
    [
        ("contact_points", "points.csv", "0803,yes", "0803,no"),
        ("consents", "points.csv", "0803,yes,yes", "0803,yes,no"),
        ("parties", "parties.csv", "guarantor,,05/01/2026,", "guarantor,,05/01/2026,01/06/2026"),
        ("charges", "charges.csv", "15.00", "20.00"),
        ("charges", "charges.csv", "10/02/2026,", "10/02/2026,01/03/2026"),
        ("events", "events.csv", "Northwind", "Southwind"),
        ("statements", "statements.csv", "480.00", "481.00"),
        ("snapshots", "snapshots.csv", "42,310.20", "43,310.20"),
        ("actions", "contacts.csv", "K2,L2,no_answer", "K2,L2,left_message"),
        ("promises", "contacts.csv", "100.00,2026-06-27", "100.00,2026-06-28"),
        ("collateral", "collateral.csv", "9000", "8000"),
    ],
)
def test_a_row_that_differs_is_updated_once_and_then_known(
    whole: Lender, name: str, file: str, before: str, after: str
) -> None:
    whole.load()
    whole.change(file, before, after)

    first, second = whole.load(), whole.load()

    changed = {key: value for key, value in of(first).items() if value["created"] or value["updated"]}
    assert changed == {name: {"created": 0, "updated": 1, "unchanged": KINDS[name] - 1}}
    assert of(second) == {key: counts(unchanged=n) for key, n in KINDS.items()}


def test_what_was_charged_and_what_happened_is_taken_back_and_entered_anew(whole: Lender) -> None:
    whole.load()
    whole.change("charges.csv", "15.00", "20.00")
    whole.change("events.csv", "Northwind", "Southwind")
    whole.change("contacts.csv", "K2,L2,no_answer", "K2,L2,left_message")

    whole.load()

    assert sorted(Charge.objects.values_list("external_id", "amount", "waives__external_id"), key=str) == [
        ("F1", Decimal("15.00"), None), ("F1~2", Decimal("20.00"), None), (None, Decimal("-15.00"), "F1"),
    ]  # fmt: skip
    assert sorted(LoanEvent.objects.values_list("kind", "counterparty")) == [
        ("placed", "Northwind"), ("placed", "Southwind"), ("revoked", ""),
    ]  # fmt: skip
    assert ContactEvent.objects.get(external_id="K2~2").corrects == ContactEvent.objects.get(external_id="K2")


def test_a_waived_charge_is_asked_for_no_longer(whole: Lender) -> None:
    whole.change("charges.csv", "10/02/2026,", "10/02/2026,01/03/2026")

    whole.load()

    waiver = Charge.objects.get(waives__external_id="F1")
    assert (waiver.amount, waiver.effective_on) == (Decimal("-15.00"), date(2026, 3, 1))


def test_a_later_snapshot_tells_of_its_loan(whole: Lender) -> None:
    whole.load()
    whole.change("snapshots.csv", "42,310.20", "43,310.20")
    heard: list[int] = []

    def hear(loan_ids: list[int], **_: Any) -> None:
        heard.extend(loan_ids)

    books_changed.connect(hear)
    try:
        whole.load()
    finally:
        books_changed.disconnect(hear)

    assert heard == [Loan.objects.get(external_id="L1").pk]


@pytest.mark.parametrize(
    ("file", "before", "after", "told"),
    [
        ("points.csv", "C1,email", "C9,email", "'C9' is a borrower that neither"),
        ("points.csv", "0803,yes,yes", "0803,yes,perhaps", "'perhaps' is neither yes nor no"),
        ("parties.csv", "L1,C2,guarantor", "L1,C2,poa", "is missing: name what proves"),
        ("parties.csv", "guarantor,,05/01/2026,", "guarantor,,05/01/2026,04/01/2026", "is before the first day"),
        ("charges.csv", "F1,L1", "F1,L9", "'L9' is a loan that neither"),
        ("charges.csv", "10/02/2026", "10/02/2025", "is before the approval"),
        ("charges.csv", "10/02/2026", "10/07/2026", "lies after 2026-06-30"),
        ("events.csv", "placed,Northwind", "sold,", "name whom the loan was sold"),
        ("events.csv", "placed", "lost", "is not one of written_off, sold"),
        ("statements.csv", "20/04/2026", "20/03/2026", "is before the statement"),
        ("snapshots.csv", "31/05/2026,12,310.20,late", "31/05/2026,,,", "says nothing"),
        ("contacts.csv", "promise,ada", "promise,bob", "is not a user's log-in name"),
        ("contacts.csv", "2026-06-27", "2026-06-17", "is before the promise"),
        ("collateral.csv", "L1,AB", "L7,AB", "'L7' is a loan that neither"),
    ],
)
def test_a_row_that_cannot_be_is_told_with_its_remedy(
    whole: Lender, file: str, before: str, after: str, told: str
) -> None:
    whole.change(file, before, after)

    with pytest.raises(RowsRejected) as refused:
        whole.load()

    assert told in str(refused.value)
    assert str(refused.value).startswith(f"{file} row ")


def test_entries_without_a_number_are_known_by_what_they_say(whole: Lender) -> None:
    for line in ('external_id = "id"\nloan = "loan"\nkind', 'external_id = "id"\nloan = "loan"\nchannel'):
        whole.change("lender.toml", line, line.split("\n", 1)[1])
    whole.change("lender.toml", 'external_id = "id"\namount = "promised"', 'amount = "promised"')

    whole.load()
    report = whole.load()

    assert of(report) == {name: counts(unchanged=n) for name, n in KINDS.items()}
    assert Charge.objects.get().external_id == "L1/2026-02-10/late_fee/15.00/1"


PAYMENT_STATUS = """
status = { column = "state", values = { ok = "cleared", wait = "pending", back = "returned" } }
returned_on = "back on"
"""


@pytest.fixture
def banked(lender: Lender) -> Lender:
    """A lender who tells what became of each payment."""
    lender.change("lender.toml", 'effective_on = "paid"', 'effective_on = "paid"' + PAYMENT_STATUS)
    lender.write(
        "payments.csv",
        "reference,loan,amount,paid,state,back on\n"
        "P1,L1,550.00,30/01/2026,ok,\nP2,L2,100.50,02/03/2026,wait,\nP3,L2,70.00,02/04/2026,back,09/04/2026\n",
    )
    return lender


def payments() -> list[tuple[Any, ...]]:
    rows = Payment.objects.values_list(
        "external_id", "amount", "status", "effective_on", "reverses__external_id", "follows__external_id"
    )
    told = [
        (name, int(amount * 100), status, day.isoformat(), of, after) for name, amount, status, day, of, after in rows
    ]
    return sorted(told, key=lambda entry: (entry[4] or entry[0], entry[4] is not None))


def test_payments_come_with_what_became_of_them(banked: Lender) -> None:
    report = banked.load()

    assert report.tables["payments"] == counts(created=3)
    assert payments() == [
        ("P1", 55000, "cleared", "2026-01-30", None, None),
        ("P2", 10050, "pending", "2026-03-02", None, None),
        ("P3", 7000, "cleared", "2026-04-02", None, None),
        (None, -7000, "cleared", "2026-04-09", "P3", None),
    ]
    assert Payment.objects.get(reverses__isnull=False).reversal_reason == "returned"
    assert banked.load().tables["payments"] == counts(unchanged=3)


@pytest.mark.parametrize(
    ("before", "after", "added"),
    [
        ("02/03/2026,wait", "02/03/2026,ok", [("P2~2", 10050, "cleared", "2026-03-02", None, "P2")]),
        ("02/03/2026,wait,", "02/03/2026,back,05/03/2026", [("P2~2", 10050, "returned", "2026-03-05", None, "P2")]),
        (
            "P2,L2,100.50,02/03/2026,wait",
            "P2,L2,90.50,02/03/2026,ok",
            [
                ("P2~2", 10050, "returned", "2026-03-02", None, "P2"),
                ("P2~3", 9050, "cleared", "2026-03-02", None, None),
            ],
        ),
        ("30/01/2026,ok,", "30/01/2026,back,03/02/2026", [(None, -55000, "cleared", "2026-02-03", "P1", None)]),
        (
            "550.00,30/01/2026",
            "551.00,30/01/2026",
            [(None, -55000, "cleared", "2026-01-30", "P1", None), ("P1~2", 55100, "cleared", "2026-01-30", None, None)],
        ),
    ],
    ids=["cleared", "returned on the way", "another amount", "returned after it came in", "corrected"],
)
def test_a_payment_moves_on_by_new_entries(
    banked: Lender, before: str, after: str, added: list[tuple[Any, ...]]
) -> None:
    banked.load()
    known = payments()
    banked.change("payments.csv", before, after)

    report = banked.load()

    assert [entry for entry in payments() if entry not in known] == added
    assert len(payments()) == len(known) + len(added)
    assert report.tables["payments"] == {"created": 0, "updated": 1, "unchanged": 2}
    assert banked.load().tables["payments"] == counts(unchanged=3)


def test_a_lender_with_balances_only_has_loans_kept_by_snapshots(tmp_path: Path, db: None) -> None:
    (tmp_path / "day.csv").write_text("account,day,dpd,balance\nA1,2026-06-30,41,812.50\nA2,2026-06-30,0,90\n")
    mapping = tmp_path / "m.toml"
    mapping.write_text(
        '[defaults]\ncurrency = "USD"\nproduct = "card"\n[[source]]\nfiles = "day.csv"\n'
        '[source.borrower]\nexternal_id = "account"\n'
        '[source.loan]\nexternal_id = "account"\napproved_on = "day"\nproduct_kind = { constant = "revolving" }\n'
        '[source.snapshot]\nas_of = "day"\ndays_past_due = "dpd"\noutstanding_amount = "balance"\n'
    )

    report = import_portfolio(source=tmp_path / "day.csv", mapping=mapping)

    assert report.tables["snapshots"] == counts(created=2)
    loan = Loan.objects.get(external_id="A1")
    assert (loan.bookkeeping, loan.principal_amount, loan.product.kind) == ("snapshots", None, "revolving")


def test_a_ledger_without_principal_is_refused(lender: Lender) -> None:
    lender.change("lender.toml", 'principal_amount = "principal"\n', "")

    with pytest.raises(MappingInvalid, match=r"source 2.loan.principal_amount: is required"):
        lender.load()


def test_an_attribute_keeps_its_type(lender: Lender) -> None:
    lender.load()
    lender.change(
        "lender.toml", 'attributes.segment = "segment"', 'attributes.segment = { column = "segment", type = "number" }'
    )

    with pytest.raises(MappingInvalid, match=r"'segment' is number here but text in the books; say type = \"text\""):
        lender.load()
