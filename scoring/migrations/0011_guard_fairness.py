from django.db import migrations

from creditpath.sql import AppendOnly, RunSqlFile


class Migration(migrations.Migration):
    dependencies = [
        ("scoring", "0010_watch_fairness"),
        ("borrowers", "0003_refuse_changes_to_the_ledger"),
    ]

    operations = [
        AppendOnly("scoring_fairnessreading"),
        AppendOnly("scoring_monitoredattribute"),
        RunSqlFile("sql/promotions/monitored.sql", reverse="sql/promotions/drop_monitored.sql"),
    ]
