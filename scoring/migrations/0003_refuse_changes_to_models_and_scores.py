from django.db import migrations

from creditpath.sql import AppendOnly, RunSqlFile


class Migration(migrations.Migration):
    dependencies = [
        ("scoring", "0002_compute_features_in_sql"),
        ("borrowers", "0003_refuse_changes_to_the_ledger"),
    ]

    operations = [
        AppendOnly("scoring_modelversion"),
        AppendOnly("scoring_featurevector"),
        AppendOnly("scoring_score"),
        RunSqlFile("sql/deployment_ends_once.sql", reverse="sql/drop_deployment_ends_once.sql"),
    ]
