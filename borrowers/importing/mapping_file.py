"""Read a mapping from its TOML file. Strict: an unknown key is an error that names it and the nearest known one."""

import difflib
import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any
from zoneinfo import available_timezones

from borrowers.importing.errors import MappingInvalid
from borrowers.importing.mapping import (
    ATTRIBUTE_TYPES,
    FIELDS,
    TABLES,
    WITH_ATTRIBUTES,
    Join,
    Mapping,
    Reading,
    Source,
    TableMapping,
    Value,
)


def load_mapping(path: Path) -> Mapping:
    """Read a mapping; raises MappingInvalid that names the key, the nearest known one and what to do."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
        data = tomllib.loads(text)
    except OSError as error:
        raise MappingInvalid(f"{path}: cannot be read ({error.strerror}); name an existing TOML file.") from error
    except UnicodeDecodeError as error:
        raise MappingInvalid(f"{path.name}: is not UTF-8 text; save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise MappingInvalid(f"{path.name}: is not valid TOML: {error}.") from error
    return _Parser(path.name, text).mapping(data)


ATTRIBUTE_NAME_LIMIT = 80
# field of a table, and what it is by default: (other table of the same source, its field)
LINKS = (
    ("borrower", "borrower", "external_id"),
    ("borrower", "loan", "borrower"),
    ("borrower", "contact_point", "borrower"),
    ("loan", "loan", "external_id"),
    ("loan", "contact", "loan"),
    ("contact", "contact", "external_id"),
)


class _Parser:
    """Turns the TOML document into dataclasses, complaining with the path of the key."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text

    def fail(self, path: str, message: str) -> MappingInvalid:
        return MappingInvalid(f"{self.name}, {path}: {message}", fields={path: message})

    def only(self, table: Any, known: set[str], path: str) -> dict[str, Any]:
        if not isinstance(table, dict):
            raise self.fail(path, "must be a table of keys.")
        for key in table:
            if key not in known:
                near = difflib.get_close_matches(key, sorted(known), n=1, cutoff=0.0)
                hint = f"did you mean {near[0]!r}? " if difflib.get_close_matches(key, known, n=1) else ""
                listed = ", ".join(sorted(known))
                raise self.fail(f"{path}.{key}".lstrip("."), f"unknown key {key!r}; {hint}known keys: {listed}.")
        return table

    def text_of(self, table: dict[str, Any], key: str, path: str, default: str | None = None) -> str | None:
        value = table.get(key, default)
        if value is not None and not isinstance(value, str):
            raise self.fail(f"{path}.{key}", f"must be text, not {value!r}.")
        return value

    def choice(self, table: dict[str, Any], key: str, path: str, choices: tuple[str, ...]) -> str:
        value = self.text_of(table, key, path, choices[0])
        if value not in choices:
            raise self.fail(f"{path}.{key}", f"{value!r} is not one of {', '.join(choices)}.")
        return value

    def number(self, table: dict[str, Any], key: str, path: str, default: int = 0) -> int:
        value = table.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.fail(f"{path}.{key}", f"must be a whole number, not {value!r}.")
        return value

    def number_or_value(self, table: dict[str, Any], key: str, path: str, kind: str) -> int | Value:
        """Return a whole number, or where each row's own comes from."""
        if isinstance(table.get(key, 0), int):
            return self.number(table, key, path)
        return self.value(table[key], f"{path}.{key}", "count", True, kind=kind)

    def flag(self, table: dict[str, Any], key: str, path: str) -> bool:
        value = table.get(key, False)
        if not isinstance(value, bool):
            raise self.fail(f"{path}.{key}", "must be true or false.")
        return value

    def texts(self, table: dict[str, Any], key: str, path: str) -> tuple[str, ...] | None:
        value = table.get(key)
        if value is None:
            return None
        items = value if isinstance(value, list) else [value]
        if not all(isinstance(item, str | int) and not isinstance(item, bool) for item in items):
            raise self.fail(f"{path}.{key}", "must be text or a list of texts.")
        return tuple(str(item) for item in items)

    def mapping(self, data: dict[str, Any]) -> Mapping:
        self.only(data, {"description", "defaults", "source"}, "")
        reading_keys = set(Reading.__dataclass_fields__)
        own_keys = {"currency", "product", "business_date", "late_entries", "changed_schedules"}
        defaults = self.only(data.get("defaults", {}), own_keys | reading_keys, "defaults")
        sources = data.get("source", [])
        if not isinstance(sources, list) or not sources:
            raise self.fail("source", "there must be at least one [[source]].")
        day = defaults.get("business_date", "latest")
        if day != "latest" and type(day) is not date:
            raise self.fail("defaults.business_date", f'must be a date such as 2026-06-30, or "latest", not {day!r}.')
        currency = self.text_of(defaults, "currency", "defaults")
        product = self.text_of(defaults, "product", "defaults")
        reading = self.reading(defaults, Reading(), "defaults")
        given = {"currency": currency, "product": product}
        mapping = Mapping(
            text=self.text,
            sources=tuple(self.source(item, reading, given, n) for n, item in enumerate(sources, start=1)),
            currency=currency,
            product=product,
            business_date=None if day == "latest" else day,
            late_entries=self.choice(defaults, "late_entries", "defaults", ("booked_now", "booked_on_their_day")),
            changed_schedules=self.choice(
                defaults, "changed_schedules", "defaults", ("correction", "deferral", "re_age", "restructure")
            ),
        )
        self.check_whole(mapping)
        return mapping

    def check_whole(self, mapping: Mapping) -> None:
        """Refuse what only shows when all sources are known."""
        types: dict[tuple[str, str], str] = {}
        for n, source in enumerate(mapping.sources, start=1):
            loan = source.tables.get("loan")
            if loan and mapping.bookkeeping == "ledger" and not {"principal_amount", "bookkeeping"} & set(loan.fields):
                raise self.fail(
                    f"source {n}.loan.principal_amount", "is required: name the column, or give { constant = … }."
                )
            for kind in WITH_ATTRIBUTES:
                for name, value in getattr(source.tables.get(kind), "attributes", {}).items():
                    path = f"source {n}.{kind}.attributes.{name}"
                    if len(name) > ATTRIBUTE_NAME_LIMIT:
                        raise self.fail(path, f"is longer than {ATTRIBUTE_NAME_LIMIT} characters; shorten the name.")
                    if types.setdefault((kind, name), value.type) != value.type:
                        raise self.fail(
                            path, f"is {value.type} here and {types[kind, name]} in an earlier source; agree on one."
                        )

    def reading(self, table: dict[str, Any], base: Reading, path: str) -> Reading:
        zone = self.text_of(table, "time_zone", path, base.time_zone)
        if zone not in available_timezones():
            raise self.fail(f"{path}.time_zone", f"{zone!r} is not an IANA time zone such as Africa/Lagos.")
        decimal = self.text_of(table, "decimal", path, base.decimal)
        thousands = self.text_of(table, "thousands", path, base.thousands)
        if decimal not in (".", ",") or thousands not in ("", ".", ",", " ", "'") or decimal == thousands:
            raise self.fail(
                path, 'decimal is "." or ","; thousands is "", ".", ",", " " or "\'", and not the same sign.'
            )
        missing = self.texts(table, "missing", path)
        return Reading(
            date_formats=self.formats(table, "date_formats", path) or base.date_formats,
            time_zone=zone,
            decimal=decimal,
            thousands=thousands,
            missing=base.missing if missing is None else ("", *missing),
            currency_signs=self.texts(table, "currency_signs", path) or base.currency_signs,
        )

    def formats(self, table: dict[str, Any], key: str, path: str) -> tuple[str, ...] | None:
        formats = self.texts(table, key, path)
        for item in formats or ():
            if not ({"%d", "%j", "%D"} & {item[i : i + 2] for i in range(len(item))}) and item != "%s":
                raise self.fail(f"{path}.{key}", f"{item!r} is not a date format such as %d/%m/%Y.")
        return formats

    def source(self, table: Any, defaults: Reading, given: dict[str, str | None], number: int) -> Source:
        path = f"source {number}"
        own = {"name", "files", "encoding", "delimiter", "sheet", "table", "optional", "where", "where_not", "join"}
        self.only(table, own | set(TABLES) | set(Reading.__dataclass_fields__), path)
        files = self.text_of(table, "files", path)
        if not files:
            raise self.fail(f"{path}.files", "says which files this is about; a name or a pattern such as loans*.csv.")
        self.inside_folder(files, f"{path}.files")
        encoding = self.text_of(table, "encoding", path)
        if encoding:
            try:
                "".encode(encoding)
            except LookupError as error:
                raise self.fail(f"{path}.encoding", f"{encoding!r} is not a known encoding such as cp1252.") from error
        delimiter = self.text_of(table, "delimiter", path)
        if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n'):
            raise self.fail(f"{path}.delimiter", "must be one character.")
        tables: dict[str, TableMapping] = {}
        for kind in TABLES:
            if kind in table:
                tables[kind] = self.table(kind, table[kind], tables, given, f"{path}.{kind}")
        if not tables:
            raise self.fail(path, f"feeds no table; add one of {', '.join(f'[source.{kind}]' for kind in TABLES)}.")
        if "schedule" in tables and "loan" not in tables:
            raise self.fail(f"{path}.schedule", "needs [source.loan] in the same source; else use [source.instalment].")
        joins = table.get("join", [])
        if not isinstance(joins, list):
            raise self.fail(f"{path}.join", "must be [[source.join]].")
        return Source(
            name=self.text_of(table, "name", path) or files,
            files=files,
            reading=self.reading(table, defaults, path),
            tables=tables,
            where=self.filters(table, "where", path),
            where_not=self.filters(table, "where_not", path),
            joins=tuple(self.join(item, f"{path}.join {n}") for n, item in enumerate(joins, start=1)),
            encoding=encoding,
            delimiter=delimiter,
            sheet=self.text_of(table, "sheet", path),
            table=self.text_of(table, "table", path),
            optional=self.flag(table, "optional", path),
        )

    def inside_folder(self, pattern: str, path: str) -> None:
        pure = PurePosixPath(pattern)
        if pure.is_absolute() or ".." in pure.parts or "\\" in pattern or "\0" in pattern:
            raise self.fail(path, f"{pattern!r} must stay inside the source's folder.")

    def filters(self, table: dict[str, Any], key: str, path: str) -> dict[str, tuple[str, ...]]:
        found = table.get(key, {})
        if not isinstance(found, dict):
            raise self.fail(f"{path}.{key}", 'must be a table such as { status = ["open", "closed"] }.')
        return {column: self.texts(found, column, f"{path}.{key}") or () for column in found}

    def join(self, table: Any, path: str) -> Join:
        self.only(table, {"files", "on", "columns", "prefix"}, path)
        files, on = self.text_of(table, "files", path), table.get("on")
        if not files or not isinstance(on, dict) or not on:
            raise self.fail(path, 'needs files and on, such as on = { branch = "branch_code" }.')
        self.inside_folder(files, f"{path}.files")
        return Join(
            files=files,
            on={column: self.text_of(on, column, f"{path}.on") or column for column in on},
            columns=self.texts(table, "columns", path) or (),
            prefix=self.text_of(table, "prefix", path) or "",
        )

    def table(
        self, kind: str, table: Any, others: dict[str, TableMapping], given: dict[str, str | None], path: str
    ) -> TableMapping:
        known = FIELDS[kind]
        extra = {"if_given"}
        extra |= {"duplicates"} if kind != "schedule" else {"every_days", "every_months", "working_days", "holidays"}
        if kind in WITH_ATTRIBUTES:
            extra |= {"attributes"}
        self.only(table, set(known) | extra, path)
        fields = {key: self.value(table[key], f"{path}.{key}", *known[key], kind=kind) for key in known if key in table}
        self.fill(kind, fields, others, given, path)
        for key, (_, required) in known.items():
            if required and key not in fields:
                raise self.fail(f"{path}.{key}", "is required: name the column, or give { constant = … }.")
        holidays = table.get("holidays", [])
        if not isinstance(holidays, list) or not all(type(day) is date for day in holidays):
            raise self.fail(f"{path}.holidays", "must be a list of dates such as [2017-12-25].")
        return TableMapping(
            fields=fields,
            attributes=self.attributes(table.get("attributes", {}), f"{path}.attributes"),
            duplicates=self.choice(table, "duplicates", path, ("reject", "first", "last")),
            if_given=self.text_of(table, "if_given", path),
            every_days=self.number(table, "every_days", path),
            every_months=self.number(table, "every_months", path),
            working_days=self.flag(table, "working_days", path),
            holidays=tuple(holidays),
        )

    def attributes(self, table: Any, path: str) -> dict[str, Value]:
        if not isinstance(table, dict):
            raise self.fail(path, "must be a table: name = column, or name = { column = …, type = … }.")
        return {key: self.value(spec, f"{path}.{key}", "text", False, kind="attributes") for key, spec in table.items()}

    def fill(
        self,
        kind: str,
        fields: dict[str, Value],
        others: dict[str, TableMapping],
        given: dict[str, str | None],
        path: str,
    ) -> None:
        """Complete what need not be written: links inside one row, days of instants, defaults."""
        for key, other, said in LINKS:
            if key in FIELDS[kind] and key not in fields and said in getattr(others.get(other), "fields", ()):
                fields[key] = replace(others[other].fields[said], required=FIELDS[kind][key][1])
        if kind == "consent":
            channel = fields.get("channel", Value(f"{path}.channel", "consent_channel", constant="any"))
            fields["channel"] = replace(channel, default=channel.default or "any")
        if kind == "consent" and "contact_point" in others:
            fields |= {key: others["contact_point"].fields[key] for key in ("kind", "value") if key not in fields}
        for day, instant in (
            ("approved_on", "approved_at"),
            ("effective_on", "happened_at"),
            ("effective_on", "booked_at"),
        ):
            if day not in fields and instant in fields and day in FIELDS[kind]:
                fields[day] = replace(fields[instant], type="date", required=True)
        if kind == "loan":
            for key, constant in given.items():
                if key not in fields and constant is not None:
                    fields[key] = Value(f"defaults.{key}", *FIELDS[kind][key], constant=constant)
        if kind == "schedule" and "instalments" not in fields:
            fields["instalments"] = Value(f"{path}.instalments", "count", True, constant="1")
        if kind == "schedule" and {"total_due_amount", "interest_amount"} <= set(fields):
            raise self.fail(path, "give total_due_amount or interest_amount, not both.")

    def value(self, spec: Any, path: str, type_: str, required: bool, *, kind: str) -> Value:
        if isinstance(spec, str):
            return Value(path, type_, required, column=spec)
        known = {"column", "template", "constant", "values", "otherwise", "default", "missing"}
        if kind == "attributes":
            known |= {"type", "days_after"}
            type_ = self.choice(spec, "type", path, ATTRIBUTE_TYPES) if isinstance(spec, dict) else type_
        if type_ in ("date", "instant") or kind == "attributes":
            known |= {"formats"}
        if type_ == "date":
            known |= {"plus_days", "plus_months"}
        if type_ in ("ratio", "number"):
            known |= {"divide_by"}
        self.only(spec, known, path)
        given = [key for key in ("column", "template", "constant") if key in spec]
        if len(given) != 1:
            raise self.fail(path, "needs exactly one of column, template and constant.")
        values = spec.get("values")
        if values is not None and (
            not isinstance(values, dict) or not all(isinstance(v, str | int) for v in values.values())
        ):
            raise self.fail(
                f"{path}.values", 'must be a table from the file\'s value to ours, such as { "G" = "Good" }.'
            )
        days_after = spec.get("days_after")
        if days_after is not None and type_ != "integer":
            raise self.fail(f"{path}.days_after", 'counts days: it needs type = "integer".')
        divide_by = self.number(spec, "divide_by", path, 1)
        if divide_by < 1:
            raise self.fail(f"{path}.divide_by", "must be 1 or more.")
        formats = self.formats(spec, "formats", path)
        return Value(
            path,
            type_,
            required,
            column=self.text_of(spec, "column", path),
            template=self.text_of(spec, "template", path),
            constant=None if spec.get("constant") is None else str(spec["constant"]),
            values=None if values is None else {key: str(value) for key, value in values.items()},
            otherwise=None if spec.get("otherwise") is None else str(spec["otherwise"]),
            default=None if spec.get("default") is None else str(spec["default"]),
            formats=formats,
            missing=self.texts(spec, "missing", path) or (),
            divide_by=divide_by,
            plus_days=self.number_or_value(spec, "plus_days", path, kind),
            plus_months=self.number_or_value(spec, "plus_months", path, kind),
            days_after=None
            if days_after is None
            else Value(f"{path}.days_after", "date", True, column=str(days_after), formats=formats),
        )
