from pathlib import Path

from django.db import migrations

from creditpath.sql import RunSqlFile


class Migration(migrations.Migration):
    dependencies = [("recovery", "0007_guard_policies")]

    operations = [
        # The functions and triggers of before, and what a fresh database has of now already.
        migrations.RunSQL(
            """
            DROP FUNCTION IF EXISTS refuse_emptying, refuse_late_replay_lines, refuse_finished_replay CASCADE;
            DROP FUNCTION refuse_replay_change, refuse_policy_rule_change, refuse_policy_change CASCADE
            """,
            (Path(__file__).parent / "sql" / "0008_guard_policies.sql").read_text(encoding="utf-8"),
        ),
        RunSqlFile("sql/guard_policies.sql", reverse="sql/drop_guard_policies.sql"),
    ]
