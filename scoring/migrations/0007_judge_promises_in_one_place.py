from django.db import migrations

from creditpath.sql import RunSqlFile

DROP = "DROP FUNCTION loan_features(bigint[], date[], timestamptz[])"


class Migration(migrations.Migration):
    dependencies = [
        ("scoring", "0006_train_on_tables"),
        ("borrowers", "0019_judge_promises_by_rules"),
    ]

    operations = [
        RunSqlFile(DROP, reverse="migrations/sql/0004_loan_features.sql"),
        RunSqlFile("sql/loan_features.sql", reverse=DROP),
    ]
