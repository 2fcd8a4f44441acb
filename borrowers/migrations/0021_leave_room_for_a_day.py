from django.db import migrations


class Migration(migrations.Migration):
    """Leave room on each page for all of its rows once more: on a new day every row is written, and stays on its page."""

    dependencies = [
        ("borrowers", "0020_tie_instalments_to_their_schedules"),
    ]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE borrowers_delinquency SET (fillfactor = 45)",
            "ALTER TABLE borrowers_delinquency SET (fillfactor = 60)",
        ),
    ]
