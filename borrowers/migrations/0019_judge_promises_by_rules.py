from django.db import migrations

from creditpath.sql import AppendOnly, RunSqlFile


class Migration(migrations.Migration):
    dependencies = [
        ("borrowers", "0018_keep_promise_rules"),
    ]

    operations = [
        RunSqlFile(
            "sql/rules_to_come.sql",
            reverse="DROP TRIGGER promise_rule_is_to_come ON borrowers_promiserule; DROP FUNCTION refuse_rule_of_the_past();",
        ),
        RunSqlFile("sql/promises.sql", reverse="DROP FUNCTION promises_of(bigint[], date[], timestamptz[])"),
        AppendOnly("borrowers_promiserule"),
    ]
