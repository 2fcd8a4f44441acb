from django.db import migrations

from creditpath.sql import AppendOnly, RunSqlFile


class Migration(migrations.Migration):
    dependencies = [("borrowers", "0002_compute_delinquency_in_sql")]

    operations = [
        RunSqlFile("sql/append_only.sql", reverse="sql/drop_append_only.sql"),
        AppendOnly("borrowers_scheduleversion"),
        AppendOnly("borrowers_instalment"),
        AppendOnly("borrowers_payment"),
        AppendOnly("borrowers_contactevent"),
        AppendOnly("borrowers_promise"),
        AppendOnly("borrowers_monthendsnapshot"),
    ]
