from django.db import migrations

from creditpath.sql import AppendOnly


class Migration(migrations.Migration):
    dependencies = [
        ("recovery", "0020_keep_payment_intents"),
        ("borrowers", "0003_refuse_changes_to_the_ledger"),
    ]

    operations = [
        AppendOnly("recovery_paymentintent"),
        AppendOnly("recovery_paymentintentevent"),
    ]
