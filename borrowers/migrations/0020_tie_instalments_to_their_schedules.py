import django.db.models.deletion
from django.db import migrations, models

from creditpath.sql import RunSqlFile


class Migration(migrations.Migration):
    """One foreign key for two and a trigger: an instalment's schedule is one of the instalment's own loan."""

    dependencies = [
        ("borrowers", "0019_judge_promises_by_rules"),
    ]

    operations = [
        migrations.AlterField(
            model_name="instalment",
            name="loan",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="instalments",
                to="borrowers.loan",
            ),
        ),
        migrations.AlterField(
            model_name="instalment",
            name="schedule",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="instalments",
                to="borrowers.scheduleversion",
            ),
        ),
        migrations.AddConstraint(
            model_name="scheduleversion",
            constraint=models.UniqueConstraint(fields=("id", "loan"), name="schedule_version_with_its_loan"),
        ),
        RunSqlFile("sql/tie_instalments.sql", reverse="migrations/sql/0020_check_instalments.sql"),
    ]
