"""A small lender's files and how to import them: what the tests of importing share."""

import io
import zipfile
from pathlib import Path
from typing import Any

from borrowers.importing.services import ImportReport, import_portfolio
from borrowers.models import Borrower, BusinessDate, ContactPoint, Instalment, Loan, Payment, ScheduleVersion

MAPPING = """
[defaults]
currency = "USD"
product = "personal"
time_zone = "America/New_York"
date_formats = ["%d/%m/%Y"]
business_date = 2026-06-30
late_entries = "booked_on_their_day"

[[source]]
files = "customers.csv"
[source.borrower]
external_id = "id"
full_name = "name"
phone = "phone"
attributes.segment = "segment"

[[source]]
files = "loans.csv"
[source.loan]
external_id = "loan"
borrower = "customer"
principal_amount = "principal"
approved_on = "approved"
[source.schedule]
first_due_on = "first due"
instalments = { constant = 2 }
every_months = 1
total_due_amount = "total"

[[source]]
files = "payments.csv"
[source.payment]
external_id = "reference"
loan = "loan"
amount = "amount"
effective_on = "paid"
"""
CUSTOMERS = "id,name,phone,segment\nC1,Ada Obi,0803,retail\nC2,Ben Cole,0804,farm\n"
LOANS = (
    "loan,customer,principal,approved,first due,total\n"
    "L1,C1,1000.00,05/01/2026,31/01/2026,1100.01\n"
    "L2,C2,500,01/02/2026,01/03/2026,500\n"
)
PAYMENTS = "reference,loan,amount,paid\nP1,L1,550.00,30/01/2026\nP2,L2,100.50,02/03/2026\n"


class Lender:
    """A folder of files that a test writes and changes, imported with one call."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "export"
        self.folder.mkdir()
        self.mapping = folder / "lender.toml"
        self.mapping.write_text(MAPPING)
        self.write("customers.csv", CUSTOMERS)
        self.write("loans.csv", LOANS)
        self.write("payments.csv", PAYMENTS)

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def change(self, name: str, before: str, after: str) -> None:
        path = self.folder / name if name != "lender.toml" else self.mapping
        text = path.read_text()
        assert before in text
        path.write_text(text.replace(before, after))

    def load(self, **options: Any) -> ImportReport:
        return import_portfolio(source=self.folder, mapping=self.mapping, **options)


def books() -> list[Any]:
    """Return everything an import may touch, to compare the books before and after."""
    models = (Borrower, ContactPoint, Loan, ScheduleVersion, Instalment, Payment, BusinessDate)
    return [list(model.objects.order_by("pk").values()) for model in models]


def counts(created: int = 0, updated: int = 0, unchanged: int = 0) -> dict[str, int]:
    return {"created": created, "updated": updated, "unchanged": unchanged}


def xlsx(rows: list[list[str | float]], *, extra: dict[str, bytes] | None = None) -> bytes:
    """Return a workbook of one sheet with inline strings and numbers."""
    cells = "".join(
        "<row>"
        + "".join(
            f"<c><v>{cell}</v></c>" if isinstance(cell, int | float) else f'<c t="inlineStr"><is><t>{cell}</t></is></c>'
            for cell in row
        )
        + "</row>"
        for row in rows
    )
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="xml" '
        'ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{office}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="Loans" sheetId="1" '
        'r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>',
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
        for name, data in (extra or {}).items():
            archive.writestr(name, data)
    return buffer.getvalue()
