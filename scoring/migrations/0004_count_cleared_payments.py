from django.db import migrations

from creditpath.sql import RunSqlFile

DROP = "DROP FUNCTION loan_features(bigint[], date[], timestamptz[])"


class Migration(migrations.Migration):
    dependencies = [
        ("scoring", "0003_refuse_changes_to_models_and_scores"),
        ("borrowers", "0008_tell_write_offs_as_events"),
    ]

    operations = [
        RunSqlFile(DROP, reverse="migrations/sql/0002_loan_features.sql"),
        RunSqlFile("migrations/sql/0004_loan_features.sql", reverse=DROP),
    ]
