from django.db import migrations

from creditpath.sql import RunSqlFile


class Migration(migrations.Migration):
    """Find the figures of loans with charges, events and payments in flight by their plans too."""

    dependencies = [
        ("borrowers", "0022_flag_what_was_kept_before"),
    ]

    operations = [
        RunSqlFile(
            "DROP FUNCTION delinquency_as_of(date, timestamptz, bigint[])",
            reverse="migrations/sql/0013_delinquency_as_of.sql",
        ),
        RunSqlFile(
            "DROP FUNCTION figures_by_plan(date, timestamptz, bigint[])",
            reverse="migrations/sql/0013_figures_by_plan.sql",
        ),
        RunSqlFile(
            "sql/figures_by_plan.sql", reverse="DROP FUNCTION figures_by_plan(date, timestamptz, bigint[])"
        ),
        RunSqlFile(
            "sql/delinquency_as_of.sql", reverse="DROP FUNCTION delinquency_as_of(date, timestamptz, bigint[])"
        ),
    ]
