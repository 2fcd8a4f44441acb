from typing import Any

import borrowers.models.fields
from django.conf import settings
from django.db import migrations, models

from creditpath.sql import RunSqlFile


def move_write_offs(apps: Any, schema_editor: Any) -> None:
    """Tell each write-off as an event that was known at the end of its day, or with its loan where that came later."""
    schema_editor.execute(
        """
        INSERT INTO borrowers_loanevent (loan_id, kind, effective_on, booked_at)
        SELECT
            id, 'written_off', written_off_on,
            greatest((written_off_on + 1)::timestamp AT TIME ZONE %s - interval '1 microsecond', booked_at)
        FROM borrowers_loan AS loan
        WHERE written_off_on IS NOT NULL AND NOT EXISTS (
            SELECT FROM borrowers_loanevent AS event
            WHERE event.loan_id = loan.id AND event.kind = 'written_off' AND event.effective_on = written_off_on
        )
        """,
        [settings.TIME_ZONE],
    )
    schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def move_write_offs_back(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute("""
        UPDATE borrowers_loan AS loan
        SET written_off_on = event.effective_on
        FROM borrowers_loanevent AS event
        WHERE event.loan_id = loan.id AND event.kind = 'written_off'
            AND NOT EXISTS (SELECT FROM borrowers_loanevent AS back WHERE back.revokes_id = event.id)
    """)
    schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):

    dependencies = [
        ('borrowers', '0007_keep_closes_of_business'),
    ]

    operations = [
        RunSqlFile("migrations/sql/0002_drop_delinquency.sql", reverse="migrations/sql/0002_delinquency.sql"),
        RunSqlFile("sql/loan_events.sql", reverse="sql/drop_loan_events.sql"),
        migrations.RunPython(move_write_offs, move_write_offs_back),
        migrations.RemoveConstraint(
            model_name='delinquency',
            name='bucket_is_known',
        ),
        migrations.RemoveConstraint(
            model_name='loan',
            name='loan_is_not_written_off_before_approval',
        ),
        migrations.RemoveField(
            model_name='loan',
            name='written_off_on',
        ),
        migrations.AddField(
            model_name='delinquency',
            name='in_flight_amount',
            field=borrowers.models.fields.MoneyField(db_default=0, decimal_places=2, default=0, help_text='Pending or in clearing.', max_digits=14),
        ),
        migrations.AddField(
            model_name='delinquency',
            name='is_bankrupt',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='delinquency',
            name='is_flagged',
            field=models.BooleanField(db_default=False, default=False, help_text="Past due for longer than the product's days of grace."),
        ),
        migrations.AddField(
            model_name='delinquency',
            name='is_placed',
            field=models.BooleanField(db_default=False, default=False, help_text='With an agency.'),
        ),
        migrations.AddField(
            model_name='delinquency',
            name='measured_on',
            field=models.DateField(blank=True, help_text="The day of the lender's snapshot that these figures are of.", null=True),
        ),
        migrations.AddField(
            model_name='monthendsnapshot',
            name='in_flight_amount',
            field=borrowers.models.fields.MoneyField(db_default=0, decimal_places=2, default=0, help_text='Pending or in clearing.', max_digits=14),
        ),
        migrations.AddField(
            model_name='monthendsnapshot',
            name='is_bankrupt',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='monthendsnapshot',
            name='is_flagged',
            field=models.BooleanField(db_default=False, default=False, help_text="Past due for longer than the product's days of grace."),
        ),
        migrations.AddField(
            model_name='monthendsnapshot',
            name='is_placed',
            field=models.BooleanField(db_default=False, default=False, help_text='With an agency.'),
        ),
        migrations.AddField(
            model_name='monthendsnapshot',
            name='measured_on',
            field=models.DateField(blank=True, help_text="The day of the lender's snapshot that these figures are of.", null=True),
        ),
        migrations.AlterField(
            model_name='delinquency',
            name='bucket',
            field=models.CharField(choices=[('current', 'current'), ('1-30', '1–30 days'), ('31-60', '31–60 days'), ('61-90', '61–90 days'), ('91+', '91+ days'), ('paid_off', 'paid off'), ('written_off', 'written off'), ('sold', 'sold'), ('closed', 'closed'), ('unknown', 'not available')], max_length=12),
        ),
        migrations.AlterField(
            model_name='delinquency',
            name='days_past_due',
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name='delinquency',
            name='instalments_past_due',
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name='delinquency',
            name='outstanding_amount',
            field=borrowers.models.fields.MoneyField(blank=True, decimal_places=2, help_text='Not yet paid, due or not: principal, interest and fees.', max_digits=14, null=True),
        ),
        migrations.AlterField(
            model_name='delinquency',
            name='outstanding_principal_amount',
            field=borrowers.models.fields.MoneyField(blank=True, decimal_places=2, max_digits=14, null=True),
        ),
        migrations.AlterField(
            model_name='delinquency',
            name='overdue_amount',
            field=borrowers.models.fields.MoneyField(blank=True, decimal_places=2, help_text='Due and not paid: principal, interest and fees.', max_digits=14, null=True),
        ),
        migrations.AlterField(
            model_name='delinquency',
            name='overdue_principal_amount',
            field=borrowers.models.fields.MoneyField(blank=True, decimal_places=2, max_digits=14, null=True),
        ),
        migrations.AlterField(
            model_name='delinquency',
            name='paid_amount',
            field=borrowers.models.fields.MoneyField(blank=True, decimal_places=2, max_digits=14, null=True),
        ),
        migrations.AlterField(
            model_name='monthendsnapshot',
            name='bucket',
            field=models.CharField(choices=[('current', 'current'), ('1-30', '1–30 days'), ('31-60', '31–60 days'), ('61-90', '61–90 days'), ('91+', '91+ days'), ('paid_off', 'paid off'), ('written_off', 'written off'), ('sold', 'sold'), ('closed', 'closed'), ('unknown', 'not available')], max_length=12),
        ),
        migrations.AlterField(
            model_name='monthendsnapshot',
            name='days_past_due',
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name='monthendsnapshot',
            name='instalments_past_due',
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name='monthendsnapshot',
            name='outstanding_amount',
            field=borrowers.models.fields.MoneyField(blank=True, decimal_places=2, help_text='Not yet paid, due or not: principal, interest and fees.', max_digits=14, null=True),
        ),
        migrations.AlterField(
            model_name='monthendsnapshot',
            name='outstanding_principal_amount',
            field=borrowers.models.fields.MoneyField(blank=True, decimal_places=2, max_digits=14, null=True),
        ),
        migrations.AlterField(
            model_name='monthendsnapshot',
            name='overdue_amount',
            field=borrowers.models.fields.MoneyField(blank=True, decimal_places=2, help_text='Due and not paid: principal, interest and fees.', max_digits=14, null=True),
        ),
        migrations.AlterField(
            model_name='monthendsnapshot',
            name='overdue_principal_amount',
            field=borrowers.models.fields.MoneyField(blank=True, decimal_places=2, max_digits=14, null=True),
        ),
        migrations.AlterField(
            model_name='monthendsnapshot',
            name='paid_amount',
            field=borrowers.models.fields.MoneyField(blank=True, decimal_places=2, max_digits=14, null=True),
        ),
        migrations.AddConstraint(
            model_name='delinquency',
            constraint=models.CheckConstraint(condition=models.Q(('bucket__in', ['current', '1-30', '31-60', '61-90', '91+', 'paid_off', 'written_off', 'sold', 'closed', 'unknown'])), name='bucket_is_known'),
        ),
        RunSqlFile("sql/settlement.sql", reverse=""),
        RunSqlFile("sql/buckets.sql", reverse=""),
        RunSqlFile("sql/delinquency.sql", reverse=""),
        RunSqlFile("migrations/sql/0008_delinquency_as_of.sql", reverse=""),
        RunSqlFile("sql/default_days.sql", reverse="migrations/sql/0008_drop_delinquency.sql"),
    ]
