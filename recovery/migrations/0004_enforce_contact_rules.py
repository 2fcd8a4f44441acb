from django.db import migrations

from creditpath.sql import AppendOnly, RunSqlFile


class Migration(migrations.Migration):
    dependencies = [
        ("recovery", "0003_keep_rules_and_attempts_of_contacts"),
        ("borrowers", "0006_keep_minutes_and_texts_of_contacts"),
    ]

    operations = [
        RunSqlFile("sql/contacts/hours.sql", reverse="sql/contacts/drop_hours.sql"),
        RunSqlFile("sql/contacts/rules.sql", reverse="sql/contacts/drop_rules.sql"),
        RunSqlFile("migrations/sql/0004_holds.sql", reverse="sql/contacts/drop_holds.sql"),
        RunSqlFile("migrations/sql/0004_permission.sql", reverse="sql/contacts/drop_permission.sql"),
        RunSqlFile("sql/contacts/reserving.sql", reverse="sql/contacts/drop_reserving.sql"),
        AppendOnly("recovery_contactprofile"),
        AppendOnly("recovery_hold"),
        AppendOnly("recovery_validationnotice"),
        AppendOnly("recovery_contactblock"),
    ]
