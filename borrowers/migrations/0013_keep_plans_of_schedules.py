import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from creditpath.sql import RunSqlFile


class Migration(migrations.Migration):

    dependencies = [
        ('borrowers', '0012_measure_portfolio'),
    ]

    operations = [
        migrations.AddField(
            model_name='delinquency',
            name='last_payment_id',
            field=models.BigIntegerField(editable=False, help_text='Of a plain loan: so that a refresh looks the payment up only when it is another.', null=True),
        ),
        migrations.CreateModel(
            name='SchedulePlan',
            fields=[
                ('schedule', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='plan', serialize=False, to='borrowers.scheduleversion')),
                ('due_on', django.contrib.postgres.fields.ArrayField(base_field=models.DateField(), help_text='In the order of settlement.', size=None)),
                ('due_cents', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), help_text='Due up to each instalment, in hundredths.', size=None)),
                ('principal_cents', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), help_text='Principal due up to each instalment, in hundredths.', size=None)),
                ('smallest_cents', models.BigIntegerField(help_text='Principal and interest of the smallest instalment, in hundredths.')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('due_on', [])), fields=['schedule'], name='plan_emptied_idx')],
            },
        ),
        migrations.RunSQL(
            "ALTER TABLE borrowers_delinquency SET (fillfactor = 60);"
            "ALTER TABLE borrowers_scheduleplan SET (toast_tuple_target = 8160);",
            "ALTER TABLE borrowers_delinquency RESET (fillfactor)",
        ),
        RunSqlFile(
            "DROP FUNCTION delinquency_as_of(date, timestamptz, bigint[])",
            reverse="migrations/sql/0008_delinquency_as_of.sql",
        ),
        RunSqlFile("sql/schedule_plans.sql", reverse=""),
        migrations.RunSQL(
            """
            INSERT INTO borrowers_scheduleplan (schedule_id, due_on, due_cents, principal_cents, smallest_cents)
            SELECT DISTINCT schedule_id, '{}'::date[], '{}'::bigint[], '{}'::bigint[], 0 FROM borrowers_instalment
            """,
            "",
        ),
        migrations.RunSQL("SELECT make_emptied_plans(); SET CONSTRAINTS ALL IMMEDIATE", ""),
        RunSqlFile("migrations/sql/0013_figures_by_plan.sql", reverse=""),
        RunSqlFile("migrations/sql/0013_delinquency_as_of.sql", reverse="sql/drop_schedule_plans.sql"),
    ]
