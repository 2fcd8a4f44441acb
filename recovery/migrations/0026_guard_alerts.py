from django.db import migrations

from creditpath.sql import AppendOnly


class Migration(migrations.Migration):
    dependencies = [
        ("recovery", "0025_keep_alerts"),
        ("borrowers", "0003_refuse_changes_to_the_ledger"),
    ]

    operations = [
        AppendOnly("recovery_alert"),
        AppendOnly("recovery_alertacknowledgement"),
    ]
