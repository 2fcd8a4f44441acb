from django.db import migrations

from creditpath.sql import AppendOnly, RunSqlFile


class Migration(migrations.Migration):
    dependencies = [
        ("recovery", "0009_keep_messages_and_calls"),
        ("borrowers", "0016_know_conversations_without_result"),
    ]

    operations = [
        RunSqlFile("sql/outreach/telephone.sql", reverse="sql/outreach/drop_telephone.sql"),
        RunSqlFile("sql/outreach/e164.sql", reverse=""),
        RunSqlFile("sql/outreach/callers.sql", reverse=""),
        RunSqlFile("sql/outreach/outbox.sql", reverse="sql/outreach/drop_outbox.sql"),
        AppendOnly("recovery_callback"),
        AppendOnly("recovery_diallerfile"),
        AppendOnly("recovery_diallerentry"),
        AppendOnly("recovery_callevent"),
        AppendOnly("recovery_inboundmessage"),
        AppendOnly("recovery_identitycheck"),
    ]
