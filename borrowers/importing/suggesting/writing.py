"""The draft as TOML that import_portfolio reads; every line says how sure it is and why."""

import json
import re
from calendar import monthrange
from collections.abc import Iterable
from datetime import date

from borrowers.importing.mapping import DEFAULT_MISSING, FIELDS, TABLES
from borrowers.importing.suggesting.draft import ATTRIBUTE, Column, Draft, TableDraft
from borrowers.importing.suggesting.fields import DAYS_OF_STATUSES, describe, required_fields
from borrowers.importing.suggesting.naming import without_accents, words_of
from borrowers.importing.suggesting.zones import find_zone

PAD = 46
PERIODS_LIMIT = 240
# Of words in a cell, the first and longest -> the value it stands for; what has none of them is left to a person, or OTHERWISE.
WORDS_OF_VALUES = {
    "channel": {
        "cash": "cash", "teller": "cash", "branch": "cash", "card": "card", "pos": "card", "transfer": "transfer",
        "bank": "transfer", "wire": "transfer", "ach": "transfer", "eft": "transfer", "neft": "transfer", "upi": "transfer",
        "mobile": "transfer",
        "direct": "direct_debit", "debit": "direct_debit", "nach": "direct_debit", "mandate": "direct_debit",
        "dd": "direct_debit",
    },
    "contact_channel": {
        "inbound": "inbound", "incoming": "inbound", "sms": "sms", "text": "sms", "whatsapp": "sms", "mail": "email",
        "email": "email", "letter": "letter", "notice": "letter", "visit": "visit", "field": "visit", "call": "call",
        "phone": "call", "dial": "call", "ivr": "call", "telephone": "call",
    },
    "contact_outcome": {
        "ptp": "promise", "promise": "promise", "promised": "promise", "wrong number": "wrong_number", "invalid": "wrong_number",
        "wrong": "wrong_person", "third": "wrong_person", "relative": "wrong_person", "message": "left_message",
        "voicemail": "left_message", "refused": "refused", "refuses": "refused", "rtp": "refused", "hardship": "hardship",
        "dispute": "dispute", "disputed": "dispute", "callback": "call_back", "call back": "call_back", "cb": "call_back",
        "paid": "paid", "sent": "sent", "delivered": "sent", "no answer": "no_answer", "no_answer": "no_answer",
        "not reachable": "no_answer", "ringing": "no_answer", "rnr": "no_answer", "busy": "no_answer", "na": "no_answer",
        "switched": "no_answer", "unreachable": "no_answer", "no contact": "no_answer", "noanswer": "no_answer",
    },
    "charge_kind": {
        "late": "late_fee", "penalty": "late_fee", "interest": "default_interest", "return": "return_fee",
        "bounce": "return_fee", "returned": "return_fee", "nsf": "return_fee", "legal": "legal_cost", "court": "legal_cost",
    },
}  # fmt: skip
OTHERWISE = {"channel": "unknown", "charge_kind": "other"}
# What the reader of mappings fills in by itself: field -> any of these is enough
FILLED_BY = {
    "loan.borrower": ("borrower.external_id", "loan.external_id"),
    "loan.approved_on": ("loan.approved_at", "snapshot.as_of"),
    "payment.loan": ("loan.external_id",),
    "payment.effective_on": ("payment.booked_at",),
    "contact.effective_on": ("contact.happened_at",),
    "instalment.loan": ("loan.external_id",),
    "snapshot.loan": ("loan.external_id",),
    "snapshot.as_of": ("snapshot.booked_at",),
    "schedule.instalments": ("schedule.first_due_on",),
    "loan.product": ("loan.external_id",),
    "borrower.external_id": ("loan.external_id",),
}


def missing_of(draft: Draft) -> list[tuple[str, str]]:
    """Return what must still be said before the mapping works: (table's name, "loan.principal_amount")."""
    used = [table for table in draft.tables if table.is_used]
    found = [("", "loan.currency")] if any(_lacks_currency(table, draft) for table in used) else []
    return found + [(table.name, target) for table in used for target in _missing_in(table)]


def _lacks_currency(table: TableDraft, draft: Draft) -> bool:
    return "loan" in _kinds(table) and "loan.currency" not in table.targets and not draft.currency


def _missing_in(table: TableDraft) -> list[str]:
    """Return what a table's own rows must say and do not; the currency is said once for all."""
    have = table.targets | {"loan.currency"}
    needed = [f"{kind}.{name}" for kind in _kinds(table) for name in required_fields(kind)]
    if needs_last_day(table):
        return ["snapshot.as_of"]
    if "snapshot" in _kinds(table):  # such loans have no terms; their first balance stands in for the approval
        needed = [target for target in needed if target not in ("loan.principal_amount", "loan.approved_on")]
    return [
        target for target in needed
        if target not in have and not any(other in have for other in FILLED_BY.get(target, ()))
    ]  # fmt: skip


def needs_last_day(table: TableDraft) -> bool:
    """Say whether periods are counted and the day of the last one is not known."""
    column = table.column_of("snapshot.as_of")
    return column is not None and column.look.kind == "number" and "snapshot.as_of" not in table.constants


def _days_of_periods(column: Column, last: str) -> dict[str, str]:
    """Return the day of each period, given that of the last one; a day that no month has is its last one."""
    look = column.look
    first, end = int(look.low or 0), int(look.high or 0)
    step = 3 if "quarter" in words_of(column.name) else 1
    base = date.fromisoformat(last)
    is_end = base.day == monthrange(base.year, base.month)[1]
    days = {}
    for period in range(max(first, end - PERIODS_LIMIT), end + 1):
        months = base.year * 12 + base.month - 1 - (end - period) * step
        year, month = months // 12, months % 12 + 1
        most = monthrange(year, month)[1]
        days[str(period)] = date(year, month, most if is_end else min(base.day, most)).isoformat()
    return days


def _first_day(table: TableDraft) -> str:
    """Return the day of the first period, where periods are counted."""
    column, last = table.column_of("snapshot.as_of"), table.constants.get("snapshot.as_of", "")
    return min(_days_of_periods(column, last).values()) if column and last else ""


def _kinds(table: TableDraft) -> list[str]:
    """Return the tables that a source feeds, in the order of the mapping."""
    kinds = {target.partition(".")[0] for target in table.targets}
    if "loan" in kinds:
        kinds.add("borrower")
    if "snapshot" in kinds:
        kinds |= {"loan", "borrower"}
    return [kind for kind in TABLES if kind in kinds]


def write_toml(draft: Draft, *, time_zone: str) -> str:
    """Return the mapping as text. Tables that lack a required field are commented out if others are complete."""
    lacking = missing_of(draft)
    used = [table for table in draft.tables if table.is_used]
    complete = [table for table in used if not _missing_in(table)]
    lines = [
        "# A draft of a mapping: correct what is wrong. Each line says how sure it is (sure, likely, guess) and why.",
        "",
    ]
    lines += [f"# {_plain(note)}" for note in draft.notes]
    lines += [
        f"# MISSING{f' in {_plain(name)}' if name else ''}: {describe(target)} ({target})." for name, target in lacking
    ]
    lines += ["", "[defaults]", *_defaults(draft, used, time_zone)]
    for table in draft.tables:
        block = _source(table)
        if not table.is_used or (complete and table not in complete):
            block = [f"# {line}".rstrip() for line in block]
        lines += ["", *block]
    return "\n".join(lines).rstrip() + "\n"


def _defaults(draft: Draft, used: list[TableDraft], time_zone: str) -> Iterable[str]:
    loans = [table for table in used if "loan" in _kinds(table)]
    if loans:
        if any("loan.currency" not in table.targets for table in loans):
            if draft.currency:
                yield _line("currency", text(draft.currency), draft.currency_why)
            else:
                yield '# currency = "USD"   # MISSING: the currency of the amounts; no column has it'
        if any("loan.product" not in table.targets for table in loans):
            yield _line(
                "product",
                text(draft.product or "loan"),
                "given" if draft.product else "guess: no column has it; one product for all",
            )
    zone, why = find_zone(draft) or (
        time_zone,
        "guess: no column tells it, so this installation's; of local times in the files",
    )
    yield _line("time_zone", text(zone), why)


def _source(table: TableDraft) -> list[str]:
    head = f"{table.n_rows:,} rows looked at{'' if table.is_whole else ', of more'}"
    lines = [
        f"# {_plain(table.name)}: {head}",
        *[f"# {_plain(note)}" for note in table.notes],
        "[[source]]",
        f"files = {text(table.files)}",
    ]
    lines += [f"{key} = {text(value)}" for key in ("sheet", "table") if (value := getattr(table, key))]
    if table.encoding:
        lines.append(_line("encoding", text(table.encoding), "guess: it is not UTF-8"))
    form = _number_form(table)
    if form != (".", ""):
        lines.append(_line("decimal", text(form[0]), "as the amounts are written"))
        lines.append(_line("thousands", text(form[1]), "as the amounts are written"))
    if table.missing:
        marks = (*DEFAULT_MISSING[1:], *table.missing)
        lines.append(
            _line(
                "missing",
                "[" + ", ".join(map(text, marks)) + "]",
                f"guess: {', '.join(table.missing[:6])} stand for no value here",
            )
        )
    for kind in _kinds(table) or ["loan"]:
        lines += ["", f"[source.{kind}]", *_table(kind, table, form)]
    kept = [column for column in table.columns if column.choice.target == ATTRIBUTE]
    home = "loan" if "loan" in _kinds(table) else "borrower"
    if kept:
        lines += ["", f"[source.{home}.attributes]", *_attributes(kept, form)]
    left = [column for column in table.columns if column.choice.target == ""]
    if left:
        lines += ["", *[f"# left out: {_plain(column.name)}: {_plain(column.choice.why)}" for column in left]]
    return lines


def _table(kind: str, table: TableDraft, form: tuple[str, str]) -> Iterable[str]:
    for name in FIELDS[kind]:
        target = f"{kind}.{name}"
        column = table.column_of(target)
        if column is not None and target == "snapshot.as_of" and column.look.kind == "number":
            yield from _periods(name, column, table.constants.get(target, ""))
        elif column is not None:
            yield _line(name, _value(column, target, form), f"{column.choice.sure}: {column.choice.why}")
        elif target in table.constants:
            stands_in = "guess: no day of approval in the file; the first day of its balances stands in"
            first = _first_day(table) if target == "loan.approved_on" else ""
            why = stands_in if target == "loan.approved_on" else "the same for every row"
            yield _line(name, f"{{ constant = {text(first or table.constants[target])} }}", why)
        elif target == "borrower.external_id" and (column := table.column_of("loan.external_id")) is not None:
            yield _line(
                name, text(column.name), "guess: no customer in the file, so each loan counts as a customer of its own"
            )
        elif target in _missing_in(table):
            yield f'# {name} = "…"   # MISSING: required; name the column, or {{ constant = "…" }}'
    key = table.column_of("loan.external_id") or table.column_of("borrower.external_id")
    if kind in ("borrower", "loan") and "snapshot" in _kinds(table) and key and not key.look.is_unique:
        yield _line("duplicates", '"last"', "a loan has a row for each day; the last one speaks for loan and borrower")
    if kind == "schedule":
        yield _line("every_months", "1", "guess: instalments are a month apart")


def _periods(name: str, column: Column, last: str) -> Iterable[str]:
    if not last:
        yield f'# {name} = "…"   # MISSING: {_plain(column.name)} counts periods; say the day of the last one'
        return
    pairs = ", ".join(f"{text(key)} = {text(value)}" for key, value in _days_of_periods(column, last).items())
    yield _line(name, f"{{ column = {text(column.name)}, values = {{ {pairs} }} }}", f"guess: {column.choice.why}")


def _value(column: Column, target: str, form: tuple[str, str]) -> str:
    look = column.look
    kind, name = target.split(".")
    type_ = FIELDS[kind][name][0]
    if type_ in ("date", "instant") and look.formats:
        return f"{{ column = {text(column.name)}, formats = [{', '.join(map(text, look.formats))}] }}"
    if type_ == "ratio" and (look.kind == "percent" or (look.middle or 0) > 1):
        return f"{{ column = {text(column.name)}, divide_by = 100 }}"
    if target == "snapshot.days_past_due" and look.kind == "text":
        inside = ", ".join(f"{text(key)} = {text(value)}" for key, value in DAYS_OF_STATUSES.items())
        return f"{{ column = {text(column.name)}, values = {{ {inside} }} }}"
    if words := WORDS_OF_VALUES.get(type_):
        known = {example: value for example in look.examples if (value := _value_of(example, words))}
        inside = ", ".join(f"{text(key)} = {text(value)}" for key, value in known.items())
        other = f", otherwise = {text(OTHERWISE[type_])}" if type_ in OTHERWISE else ""
        return f"{{ column = {text(column.name)}, values = {{ {inside} }}{other} }}"
    return text(column.name)


def _value_of(cell: str, words: dict[str, str]) -> str:
    said = f" {' '.join(re.findall('[a-z_]+', cell.lower()))} "
    found = [(said.index(f" {word} "), -len(word), value) for word, value in words.items() if f" {word} " in said]
    return min(found)[2] if found else ""


def _attributes(columns: list[Column], form: tuple[str, str]) -> Iterable[str]:
    taken: set[str] = set()
    for column in columns:
        base = "_".join(words_of(column.name)) or "column"
        plain = without_accents(column.name.replace("ß", "ss"))
        key = base = re.sub(r"[^a-z0-9_]", "", re.sub(r"\W+", "_", plain.lower()).strip("_")) or base
        n = 2
        while key in taken:
            key, n = f"{base}_{n}", n + 1
        taken.add(key)
        type_ = _attribute_type(column, form)
        parts = [f"column = {text(column.name)}"] + ([f'type = "{type_}"'] if type_ != "text" else [])
        if type_ == "date" and column.look.formats:
            parts.append(f"formats = [{', '.join(map(text, column.look.formats))}]")
        value = f"{{ {', '.join(parts)} }}" if len(parts) > 1 else text(column.name)
        yield _line(
            text(key) if not re.fullmatch(r"[A-Za-z0-9_-]+", key) else key,
            value,
            f"{column.choice.sure}: {column.choice.why}",
        )


def _attribute_type(column: Column, form: tuple[str, str]) -> str:
    """Return the type that no cell of the sample fails; a few odd cells make it text."""
    look = column.look
    if look.n_odd or look.sign:
        return "text"
    if look.kind == "date":
        return "date"
    if look.kind == "flag":
        return "boolean"
    if look.kind == "number" and (
        (look.decimal, look.thousands) == form
        or (look.is_whole and not look.thousands)
        or form == (".", "") == (look.decimal, look.thousands)
    ):
        huge = max(abs(look.low or 0), abs(look.high or 0)) >= 1e15
        return "text" if huge else "integer" if look.is_whole and not look.places else "number"
    return "text"


def _number_form(table: TableDraft) -> tuple[str, str]:
    """Return how the source writes its numbers: (decimal, thousands); columns with amounts decide."""
    forms = [
        (column.look.decimal, column.look.thousands)
        for column in sorted(table.columns, key=lambda column: "." not in column.choice.target)
        if column.look.kind == "number" and column.choice.target
    ]
    special = [form for form in forms if form != (".", "")]
    # A column that shows both signs says more than one that shows only one
    return max(special, key=lambda form: (special.count(form), form[1] != "")) if special else (".", "")


def _line(key: str, value: str, why: str) -> str:
    return f"{f'{key} = {value}':<{PAD}} # {_plain(why)}"


def text(value: str) -> str:
    """Return a TOML string; what cannot be printed is escaped."""
    written = json.dumps(value, ensure_ascii=False)
    return "".join(
        c if c.isprintable() else f"\\u{ord(c):04x}" if ord(c) < 0x10000 else f"\\U{ord(c):08x}" for c in written
    )


def _plain(words: str) -> str:
    """Return words for a comment: one line, nothing that a terminal obeys or that turns text around."""
    return "".join(c if c.isprintable() else "�" for c in " ".join(words.split()))
