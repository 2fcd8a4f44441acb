from django.db import migrations

from creditpath.sql import RunSqlFile

DROP = "DROP FUNCTION promise_states(date, timestamptz, bigint[])"


class Migration(migrations.Migration):
    dependencies = [
        ("recovery", "0004_enforce_contact_rules"),
        ("borrowers", "0008_tell_write_offs_as_events"),
    ]

    operations = [
        RunSqlFile(DROP, reverse="migrations/sql/0002_promise_states.sql"),
        RunSqlFile("migrations/sql/0005_promise_states.sql", reverse=DROP),
    ]
