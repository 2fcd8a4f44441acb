from django.db import migrations

from creditpath.sql import AppendOnly


class Migration(migrations.Migration):
    dependencies = [
        ("recovery", "0018_keep_care_and_page_checks"),
        ("borrowers", "0003_refuse_changes_to_the_ledger"),
    ]

    operations = [
        AppendOnly("recovery_carerecord"),
        AppendOnly("recovery_caredecision"),
        AppendOnly("recovery_carereading"),
        AppendOnly("recovery_pagecheck"),
    ]
