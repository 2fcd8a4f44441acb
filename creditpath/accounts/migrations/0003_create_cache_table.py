"""The table of the cache, so that `migrate` alone makes a database complete."""

from typing import Any

from django.core.management import call_command
from django.db import migrations


def create_cache_table(apps: Any, schema_editor: Any) -> None:
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_rights_follow_the_role")]

    operations = [migrations.RunPython(create_cache_table, migrations.RunPython.noop)]
