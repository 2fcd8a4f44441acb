"""From what headers and values say to a field for each column."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from borrowers.importing.suggesting.draft import ATTRIBUTE, NOTHING, Choice, Column, Draft, Sure, TableDraft
from borrowers.importing.suggesting.fields import (
    DAYS_OF_STATUSES,
    KINDS_OF,
    NAMES_OF_ROLES,
    TARGETS,
    UNIQUE_IDS,
    WHOLE,
    Role,
)
from borrowers.importing.suggesting.filenames import day_of_name, pattern_of
from borrowers.importing.suggesting.linking import Link, find_links
from borrowers.importing.suggesting.looking import look_at
from borrowers.importing.suggesting.looks import Look
from borrowers.importing.suggesting.naming import currency_of, match_names, words_of
from borrowers.importing.suggesting.sampling import Sample, Unread
from borrowers.importing.suggesting.telling import tell

GENERIC_IDS = ({"id"}, {"number"}, {"code"}, {"external", "id"}, {"reference"}, {"system", "id"}, {"row", "id"})
AMOUNTS = frozenset(
    concept for concept, kinds in KINDS_OF.items() if kinds == frozenset({"number"}) and concept not in WHOLE
)
STAGES = (0.95, 0.6)  # of a match by name: sure, likely, else a guess


@dataclass
class _Table:
    """One table while it is being understood."""

    sample: Sample
    looks: dict[str, Look]
    scores: dict[str, dict[str, float]]  # column -> concept -> how well
    reasons: dict[tuple[str, str], str] = field(default_factory=dict)
    role: Role = "unknown"

    def best(self, concept: str) -> float:
        return max((scores.get(concept, 0) for scores in self.scores.values()), default=0)

    def has(self, *concepts: str, least: float = 0.6) -> bool:
        return all(self.best(concept) >= least for concept in concepts)

    def repeats(self, concept: str) -> bool:
        """Say whether the best column for an id has the same id in several rows."""
        ranked = sorted(self.looks, key=lambda name: -self.scores[name].get(concept, 0))
        return (
            bool(ranked) and self.scores[ranked[0]].get(concept, 0) >= 0.6 and not _nearly_unique(self.looks[ranked[0]])
        )

    def raise_to(self, column: str, concept: str, score: float, why: str) -> None:
        if score > self.scores[column].get(concept, 0):
            self.scores[column][concept] = score
            self.reasons[column, concept] = why


def _nearly_unique(look: Look) -> bool:
    return look.n_filled > 0 and look.n_distinct / look.n_filled > 0.97


def draft_tables(
    samples: Sequence[Sample], unread: Sequence[Unread] = (), *, currency: str = "", product: str = ""
) -> Draft:
    """Return the draft of a mapping for the samples; a pure function of them."""
    tables = [_look(sample) for sample in samples]
    links = find_links(samples, [table.looks for table in tables])
    for table in tables:
        _judge_by_values(table)
        table.role = _role_of(table)
    _follow_links(tables, links)
    for table in tables:
        if table.role != "unknown":
            _settle_generic_ids(table)
    drafted = [_draft(table) for table in tables]
    drafted = _merge_alike(drafted, [sample.file.name for sample in samples])
    found, why = _find_currency(tables)
    notes = [f"{item.name} was left out: {item.reason}" for item in unread]
    notes += [
        f"{samples[link.table].name}, {link.column}: {link.share:.0%} of its values are in "
        f"{samples[link.to_table].name}, {link.to_column}."
        for link in links
    ]
    return Draft(
        tables=tuple(drafted), currency=currency or found, currency_why="given" if currency else why, product=product,
        notes=tuple(notes),
    )  # fmt: skip


def _look(sample: Sample) -> _Table:
    looks = {str(name): look_at(sample.frame[name]) for name in sample.frame.columns}
    scores = {}
    for name, look in looks.items():
        matches = match_names(name)
        scores[name] = {concept: score for concept, score in matches.items() if _fits(concept, look)}
    return _Table(sample, looks, scores)


def _fits(concept: str, look: Look) -> bool:
    if look.kind == "empty" or look.kind not in KINDS_OF.get(concept, frozenset({look.kind})):
        return False
    if concept in WHOLE and not look.is_whole:
        return False
    if concept == "country" and not all(re.fullmatch("[A-Z]{2}(-[A-Z]{2,3})?", example) for example in look.examples):
        return False
    if (concept in AMOUNTS and (look.high or 0) < 0) or (
        concept in AMOUNTS and look.low is not None and look.low < 0 == look.high
    ):
        return False
    if concept == "phone" and look.kind == "number" and (look.low or 0) < 1e6:
        return False
    if concept in ("customer_name", "address") and look.n_filled > 50 and look.n_distinct < 0.2 * look.n_filled:
        return False
    return not (concept == "status" and look.kind == "number" and look.n_distinct > 15)


def _judge_by_values(table: _Table) -> None:
    """Add what values show by themselves: contact points, currencies."""
    for name, look in table.looks.items():
        if look.kind in ("email", "currency"):
            table.raise_to(
                name,
                look.kind,
                0.9,
                f"every value is {'an e-mail address' if look.kind == 'email' else 'a currency code'}",
            )
        if look.kind == "phone" and not table.has("phone"):
            table.raise_to(name, "phone", 0.8, "the values are telephone numbers")


def _role_of(table: _Table) -> Role:
    """Say what the rows are about: by what the columns can be together, then by the table's name."""
    named = next((NAMES_OF_ROLES[word] for word in _title_words(table.sample) if word in NAMES_OF_ROLES), None)
    loan = table.has("loan_id") or any(set(words_of(name)) in GENERIC_IDS for name in table.looks)
    state = sum(table.has(concept) for concept in ("balance", "dpd", "amount_due")) + table.has("status", least=0.9)
    terms = table.has("principal") and table.has("approved_on")
    if table.has("contact_at", "contact_outcome", least=0.85) and (loan or table.has("customer_id")) and not state:
        return "contact"
    if loan and named == "charge" and table.has("charge_amount", "charge_date"):
        return "charge"
    # Several rows of one loan are its days, its instalments or its payments
    if (
        loan
        and table.has("due_on")
        and table.has("principal_due")
        and (table.repeats("loan_id") or named == "instalment")
    ):
        return "instalment"
    if loan and table.has("payment_amount", "payment_date") and not terms and (
        named == "payment" or (table.has("payment_date", least=0.95) and state < 2 and not table.has("dpd"))
    ):  # fmt: skip
        return "payment"
    if loan and terms and not table.repeats("loan_id"):
        return "loan"
    if loan and (state >= 2 or (state and (named == "snapshot" or table.has("as_of") or table.has("month_index")))):
        return "snapshot"
    if table.has("principal") and loan:
        return "loan"
    person = sum(table.has(concept) for concept in ("customer_name", "birth_date", "phone", "email", "address"))
    if person and (table.has("customer_id") or named == "borrower" or loan) and not state:
        return "borrower"
    if named == "borrower" and table.has("customer_id"):
        return "borrower"
    return named if named in ("loan", "payment", "instalment", "snapshot") and loan else "unknown"


def _title_words(sample: Sample) -> list[str]:
    stem = re.sub(
        r"\.(gz|csv|tsv|txt|xlsx|parquet|pq|sqlite3?|db)\b", "", f"{sample.file.path.name}", flags=re.IGNORECASE
    )
    text = f"{sample.sheet or sample.table or stem}"
    return [*re.findall(r"[a-z]+", text.lower()), *words_of(text)]


def _follow_links(tables: list[_Table], links: list[Link]) -> None:
    """Let a column be what the one is that it refers to, and a table of people what others refer to as customers."""
    for link in links:
        one, many = tables[link.to_table], tables[link.table]
        for concept, role in (("customer_id", "borrower"), ("loan_id", "loan")):
            says = many.scores[link.column].get(concept, 0)
            if says >= 0.95 and one.role == "unknown" and (role == "borrower" or one.has("principal")):
                one.role = role  # type: ignore[assignment]
            if one.role == role and UNIQUE_IDS[one.role] == concept:
                why = f"{link.share:.0%} of its values are in {one.sample.name}, {link.to_column}"
                many.raise_to(link.column, concept, 0.93, why)
                one.raise_to(link.to_column, concept, 0.93, f"{many.sample.name} refers to it")


def _settle_generic_ids(table: _Table) -> None:
    """Let a column called "id" be the id of what the rows are about, if nothing else is."""
    concept = {
        "borrower": "customer_id",
        "loan": "loan_id",
        "payment": "payment_id",
        "snapshot": "loan_id",
        "instalment": "loan_id",
        "charge": "loan_id",
        "contact": "loan_id",
    }[table.role]
    if table.role == "contact" and table.has("customer_id"):
        return
    if table.has(concept):
        return
    for name, look in table.looks.items():
        if set(words_of(name)) in GENERIC_IDS and look.is_filled and look.kind in ("code", "number", "text"):
            table.raise_to(name, concept, 0.7, f"the only id in a table of {table.role}s")


def _draft(table: _Table) -> TableDraft:
    targets = dict(TARGETS[table.role])
    chosen: dict[str, Choice] = {}
    used: set[str] = set()
    pairs = [
        (_preference(table, name, concept, score), name, concept)
        for name, scores in table.scores.items()
        for concept, score in scores.items()
        if concept in targets and name not in table.sample.twice
    ]
    for score, name, concept in sorted(pairs, key=lambda pair: -pair[0]):
        if name in chosen or concept in used or score < 0.45:
            continue
        chosen[name] = Choice(
            _target(targets[concept], name, table.looks[name]), _sure(table, name, concept), _why(table, name, concept)
        )
        used.add(concept)
    columns = tuple(
        Column(name, look, chosen.get(name) or _leftover(table, name, look)) for name, look in table.looks.items()
    )
    sample = table.sample
    drafted = TableDraft(
        name=sample.name, files=sample.file.name, n_rows=len(sample.frame), is_whole=sample.is_whole, columns=columns,
        sheet=sample.sheet, table=sample.table, encoding=sample.encoding, is_used=table.role != "unknown",
    )  # fmt: skip
    return _complete(drafted, table)


def _preference(table: _Table, name: str, concept: str, score: float) -> float:
    """Return the score, moved by what the values allow: an id of the rows must not repeat, a required field not be empty."""
    look = table.looks[name]
    if concept == UNIQUE_IDS.get(table.role):
        score += 0.3 if _nearly_unique(look) else -0.3
    if concept == "loan_id" and table.role in ("snapshot", "instalment") and look.n_distinct < 3:
        score -= 0.4
    return score - 0.2 * (1 - look.n_filled / max(look.n, 1))


def _target(target: str, name: str, look: Look) -> str:
    if target == "snapshot.outstanding_amount" and "principal" in words_of(name):
        return "snapshot.outstanding_principal_amount"
    if look.has_clock:
        return {"loan.approved_on": "loan.approved_at", "payment.effective_on": "payment.booked_at"}.get(target, target)
    return target


def _sure(table: _Table, name: str, concept: str) -> Sure:
    look, score = table.looks[name], table.scores[name][concept]
    if not look.order_is_known or look.n_odd:
        return "guess" if score < STAGES[0] else "likely"
    if concept == "channel":
        return "guess"
    return "sure" if score >= STAGES[0] else "likely" if score >= STAGES[1] else "guess"


def _why(table: _Table, name: str, concept: str) -> str:
    if known := table.reasons.get((name, concept)):
        return f"{known}; {tell(table.looks[name])}"
    read = " ".join(words_of(name))
    plain = re.sub(r"[\W_]+", " ", name).strip().lower() == read
    return f"{'the header says so' if plain else f'the header reads as {read!r}'}; {tell(table.looks[name])}"


def _leftover(table: _Table, name: str, look: Look) -> Choice:
    if name in table.sample.twice:
        return Choice(NOTHING, "sure", "the header is there twice; rename one of the two to use it")
    if look.kind == "empty":
        return Choice(NOTHING, "sure", "the column is empty")
    if table.role in ("borrower", "loan", "snapshot"):
        return Choice(ATTRIBUTE, "likely", f"no field of ours; {tell(look)}")
    return Choice(NOTHING, "likely", f"no field of ours; {tell(look)}")


def _complete(drafted: TableDraft, table: _Table) -> TableDraft:
    """Add what a person has to know about the table as a whole, and take back what cannot work."""
    notes = []
    if not drafted.is_used:
        notes.append("It is not plain what its rows are: no column was recognised as a loan, a customer or a payment.")
    if table.role == "loan" and drafted.column_of("schedule.first_due_on") is None:
        drafted = _put(drafted, {c.name: Choice(ATTRIBUTE, "guess", f"no first due date, so no schedule; {tell(c.look)}")
                                 for c in drafted.columns if c.choice.target.startswith("schedule.")})  # fmt: skip
    if table.role == "snapshot":
        drafted = _put(drafted, _changing(drafted, table))
    constants = {}
    if table.role == "contact" and drafted.column_of("contact.channel") is None:
        constants = {"contact.channel": "call"}
    if table.role == "charge" and drafted.column_of("charge.kind") is None:
        constants = {"charge.kind": "late_fee"}
    if table.role == "snapshot":
        drafted = _put(drafted, _statuses_as_days(drafted, table))
    as_of = drafted.column_of("snapshot.as_of")
    if as_of is not None and as_of.look.kind == "date" and as_of.look.low is not None:
        constants = {"loan.approved_on": datetime.fromtimestamp(as_of.look.low, tz=UTC).date().isoformat()}
    if table.role == "snapshot" and as_of is None:
        index = next(
            (n for n in table.looks if max((table.scores[n].get(c, 0) for c in ("month_index",)), default=0) > 0.5),
            None,
        )
        if day := day_of_name(table.sample.file.name):
            constants = {"snapshot.as_of": day.isoformat(), "loan.approved_on": day.isoformat()}
            notes.append(f"The day of the balances, {day}, was taken from the file's name.")
        elif index:
            look = table.looks[index]
            why = "counts periods; their days follow from the day of the last one"
            drafted = _put(drafted, {index: Choice("snapshot.as_of", "guess", why)})
            notes.append(
                f"{index} counts periods ({look.low:,.0f} to {look.high:,.0f}) and holds no dates: "
                f"the day of period {look.high:,.0f} is missing."
            )
    key = drafted.column_of("loan.external_id") or drafted.column_of("borrower.external_id")
    if key and table.role in ("loan", "borrower") and not key.look.is_unique and key.look.n_filled:
        n_twice = key.look.n_filled - key.look.n_distinct
        notes.append(
            f"{n_twice:,} rows repeat an earlier {key.name}: identical rows count once, others are rejected unless "
            'duplicates = "last".'
        )
    notes += [
        f"The column {name} is computed by the file, not stored in it, and is left out; store its values to have them."
        for name in table.sample.computed
    ]
    missing, unsafe = _sentinels(drafted, table)
    notes += unsafe
    return replace(drafted, notes=tuple(notes), constants=constants, missing=missing)


def _put(drafted: TableDraft, choices: dict[str, Choice]) -> TableDraft:
    return replace(
        drafted,
        columns=tuple(replace(column, choice=choices.get(column.name, column.choice)) for column in drafted.columns),
    )


def _statuses_as_days(drafted: TableDraft, table: _Table) -> dict[str, Choice]:
    """Take statuses such as 0, 1, 2, C, X, months late by their number, for days past due where no column has these."""
    column = drafted.column_of("snapshot.status")
    if column is None or drafted.column_of("snapshot.days_past_due") is not None:
        return {}
    cells = set(table.sample.frame[column.name].dropna().str.strip().unique())
    if not cells <= set(DAYS_OF_STATUSES) or not cells & {"C", "X"} or len(cells) < 3:
        return {}
    why = "statuses count months late; C is paid off, X no loan; the least days of each are taken"
    return {column.name: Choice("snapshot.days_past_due", "guess", why)}


def _changing(drafted: TableDraft, table: _Table) -> dict[str, Choice]:
    """Find what differs between the rows of one loan: it is no property of the loan or the borrower."""
    key = drafted.column_of("loan.external_id")
    if key is None or key.look.is_unique:
        return {}
    frame = table.sample.frame
    groups = frame.groupby(frame[key.name].str.strip(), sort=False)
    varies = groups.nunique().max()
    return {
        column.name: Choice(NOTHING, "likely", f"changes from row to row of a loan; {tell(column.look)}")
        for column in drafted.columns
        if column is not key
        and not column.choice.target.startswith("snapshot.")
        and column.choice.target
        and varies[column.name] > 1
    }


def _sentinels(drafted: TableDraft, table: _Table) -> tuple[tuple[str, ...], list[str]]:
    """Return the cells that say nothing, and notes about those that mean something in another column."""
    used = [column for column in drafted.columns if column.choice.target]
    missing: list[str] = []
    notes = []
    for column in used:
        for mark in (*column.look.nothings, *column.look.sentinels):
            others = [
                other.name
                for other in used
                if mark not in (*other.look.sentinels, *other.look.nothings) and mark in set(other.look.examples)
            ]
            holders = others or [
                other.name for other in used
                if mark not in (*other.look.sentinels, *other.look.nothings)
                and (table.sample.frame[other.name].str.strip() == mark).any()
            ]  # fmt: skip
            if holders:
                notes.append(
                    f"{mark!r} in {column.name} seems to stand for no value, but {holders[0]} has it too, "
                    "so it is read as it stands."
                )
            elif mark not in missing:
                missing.append(mark)
    return tuple(missing), notes


def _merge_alike(drafted: list[TableDraft], names: list[str]) -> list[TableDraft]:
    """Make one [[source]] of files with the same columns whose names differ by a date or a number alone."""
    merged: list[TableDraft] = []
    for table in drafted:
        pattern = pattern_of(table.files)
        alike = next(
            (
                n for n, other in enumerate(merged)
                if pattern_of(other.files) == pattern and (other.sheet, other.table) == (table.sheet, table.table)
                and [column.name for column in other.columns] == [column.name for column in table.columns]
            ),
            None,
        )  # fmt: skip
        if alike is None:
            merged.append(table)
            continue
        other = merged[alike]
        merged[alike] = replace(
            other,
            files=pattern,
            name=pattern,
            n_rows=other.n_rows + table.n_rows,
            is_whole=other.is_whole and table.is_whole,
        )
    return merged


def _find_currency(tables: list[_Table]) -> tuple[str, str]:
    for table in tables:
        for name, look in table.looks.items():
            if code := currency_of(name) or look.sign:
                return code, f"{table.sample.name}, column {name!r} says so"
    return "", ""
