from django.db import migrations

from creditpath.sql import AppendOnly, RunSqlFile


class Migration(migrations.Migration):
    dependencies = [
        ("recovery", "0013_keep_plans"),
        ("borrowers", "0008_tell_write_offs_as_events"),
    ]

    operations = [
        RunSqlFile("sql/plans/states.sql", reverse="sql/plans/drop_plans.sql"),
        RunSqlFile("sql/plans/guard.sql", reverse=""),
        AppendOnly("recovery_planterms"),
        AppendOnly("recovery_planlimit"),
        AppendOnly("recovery_plan"),
        AppendOnly("recovery_planinstalment"),
        AppendOnly("recovery_planbudgetline"),
        AppendOnly("recovery_planevent"),
    ]
