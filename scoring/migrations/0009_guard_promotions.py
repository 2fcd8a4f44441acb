from django.db import migrations

from creditpath.sql import AppendOnly, RunSqlFile


class Migration(migrations.Migration):
    dependencies = [
        ("scoring", "0008_take_two_people_to_promote"),
        ("borrowers", "0003_refuse_changes_to_the_ledger"),
    ]

    operations = [
        AppendOnly("scoring_validation"),
        AppendOnly("scoring_validationfinding"),
        AppendOnly("scoring_findingclosure"),
        AppendOnly("scoring_comparison"),
        AppendOnly("scoring_promotionproposal"),
        AppendOnly("scoring_promotiondecision"),
        RunSqlFile("sql/promotions/guard.sql", reverse="sql/promotions/drop_guard.sql"),
    ]
