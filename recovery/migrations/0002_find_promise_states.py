from django.db import migrations

from creditpath.sql import AppendOnly, RunSqlFile


class Migration(migrations.Migration):
    dependencies = [
        ("recovery", "0001_initial"),
        ("borrowers", "0003_refuse_changes_to_the_ledger"),
    ]

    operations = [
        RunSqlFile("migrations/sql/0002_promise_states.sql", reverse="DROP FUNCTION promise_states(date, timestamptz, bigint[])"),
        AppendOnly("recovery_recommendation"),
    ]
