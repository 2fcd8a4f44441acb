"""How a check asks the database."""

from collections.abc import Iterator
from typing import Any

from django.db import connection


def find(sql: str, **parameters: Any) -> Iterator[str]:
    """Yield the first column of each row that a query finds; a percent sign is written twice.

    A name in double braces is replaced by our own text, such as the name of a table: `{{table}}`.
    """
    for name in [name for name in parameters if f"{{{{{name}}}}}" in sql]:
        sql = sql.replace(f"{{{{{name}}}}}", parameters.pop(name))
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        for (detail,) in cursor:
            yield detail
