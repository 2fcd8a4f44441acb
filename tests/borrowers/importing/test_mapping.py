"""The mapping is strict: what it does not know it names, with the nearest thing it does know."""

import pytest

from borrowers.importing.errors import MappingInvalid
from borrowers.importing.mapping_file import load_mapping
from tests.borrowers.importing.lender import Lender, books

MISTAKES = {
    "an unknown key of a table": (
        'principal_amount = "principal"',
        'principle_amount = "principal"',
        ["source 2.loan.principle_amount", "did you mean 'principal_amount'"],
    ),
    "an unknown table": ("[source.payment]", "[source.payments]", ["source 3.payments", "did you mean 'payment'"]),
    "an unknown default": (
        "[defaults]",
        '[defaults]\ncurency = "USD"',
        ["defaults.curency", "did you mean 'currency'"],
    ),
    "an unknown key of a value": (
        "{ constant = 2 }",
        "{ konstant = 2 }",
        ["source 2.schedule.instalments.konstant", "did you mean 'constant'"],
    ),
    "an unknown key at the top": ("[defaults]", "[default]", ["'default'", "did you mean 'defaults'"]),
    "a field that every row needs": ('amount = "amount"\n', "", ["source 3.payment.amount", "is required"]),
    "a zone that is none": ("America/New_York", "America/New_Yorck", ["defaults.time_zone", "'America/New_Yorck'"]),
    "a day that is no date": ("2026-06-30", '"30.6."', ["defaults.business_date", "'30.6.'"]),
    "a form that is no date's": ("%d/%m/%Y", "dd/mm/yyyy", ["defaults.date_formats", "'dd/mm/yyyy'"]),
    "a choice that is none": (
        "booked_on_their_day",
        "sometimes",
        ["defaults.late_entries", "booked_now, booked_on_their_day"],
    ),
    "a path out of the folder": (
        '"payments.csv"',
        '"../payments.csv"',
        ["source 3.files", "inside the source's folder"],
    ),
    "two ways at once": (
        "{ constant = 2 }",
        '{ constant = 2, column = "n" }',
        ["exactly one of column, template and constant"],
    ),
    "an encoding that is none": (
        'files = "payments.csv"',
        'files = "payments.csv"\nencoding = "utf-9"',
        ["source 3.encoding"],
    ),
    "decimal and thousands alike": ("[defaults]", '[defaults]\nthousands = "."', ["decimal is"]),
    "no TOML": ("[defaults]", "[defaults", ["is not valid TOML", "line 2"]),
    "a schedule without a loan": (
        "[source.payment]",
        '[source.schedule]\nfirst_due_on = "paid"\n[source.payment]',
        ["needs [source.loan]"],
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_in_the_mapping_is_named(lender: Lender, case: str) -> None:
    before, after, told = MISTAKES[case]
    lender.change("lender.toml", before, after)
    books_before = books()

    with pytest.raises(MappingInvalid) as refusal:
        lender.load()

    for part in told:
        assert part in refusal.value.detail
    assert "lender.toml" in refusal.value.detail
    assert books() == books_before


def test_a_mapping_that_is_not_there(lender: Lender) -> None:
    lender.mapping.unlink()
    with pytest.raises(MappingInvalid, match="cannot be read"):
        load_mapping(lender.mapping)
