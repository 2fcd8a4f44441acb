from django.db import migrations

from creditpath.sql import AppendOnly, RunSqlFile


class Migration(migrations.Migration):
    dependencies = [
        ("recovery", "0023_keep_teams_and_absences"),
        ("borrowers", "0003_refuse_changes_to_the_ledger"),
    ]

    operations = [
        AppendOnly("recovery_shift"),
        AppendOnly("recovery_absence"),
        AppendOnly("recovery_absenceend"),
        AppendOnly("recovery_handover"),
        AppendOnly("recovery_handedcase"),
        AppendOnly("recovery_callbackoffer"),
        RunSqlFile("sql/teams/guard.sql", reverse="sql/teams/drop_guard.sql"),
    ]
