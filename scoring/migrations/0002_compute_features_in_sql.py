from django.db import migrations

from creditpath.sql import RunSqlFile


class Migration(migrations.Migration):
    dependencies = [
        ("scoring", "0001_initial"),
        ("borrowers", "0002_compute_delinquency_in_sql"),
    ]

    operations = [
        RunSqlFile(
            "migrations/sql/0002_loan_features.sql", reverse="DROP FUNCTION loan_features(bigint[], date[], timestamptz[])"
        ),
    ]
