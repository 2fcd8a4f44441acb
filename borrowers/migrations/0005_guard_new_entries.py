from django.db import migrations

from creditpath.sql import AppendOnly, RunSqlFile


class Migration(migrations.Migration):
    dependencies = [("borrowers", "0004_keep_whole_books")]

    operations = [
        RunSqlFile("sql/ledger_links.sql", reverse="sql/drop_ledger_links.sql"),
        AppendOnly("borrowers_charge"),
        AppendOnly("borrowers_statement"),
        AppendOnly("borrowers_balancesnapshot"),
        AppendOnly("borrowers_loanevent"),
        AppendOnly("borrowers_consent"),
        AppendOnly("borrowers_collateral"),
    ]
