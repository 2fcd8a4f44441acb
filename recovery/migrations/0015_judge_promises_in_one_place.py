from django.db import migrations

from creditpath.sql import RunSqlFile

DROP = "DROP FUNCTION promise_states(date, timestamptz, bigint[])"


class Migration(migrations.Migration):
    dependencies = [
        ("recovery", "0014_guard_plans"),
        ("borrowers", "0019_judge_promises_by_rules"),
    ]

    operations = [
        RunSqlFile(DROP, reverse="migrations/sql/0005_promise_states.sql"),
        RunSqlFile("sql/promise_states.sql", reverse=DROP),
        RunSqlFile(
            "sql/plans/terms_to_come.sql",
            reverse="DROP TRIGGER plan_terms_are_to_come ON recovery_planterms;"
            " DROP TRIGGER plan_limit_is_to_come ON recovery_planlimit;",
        ),
    ]
