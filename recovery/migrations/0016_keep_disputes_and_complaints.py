import borrowers.models.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models

from creditpath.sql import AppendOnly, RunSqlFile


class Migration(migrations.Migration):

    dependencies = [
        ('borrowers', '0017_order_by_days_late'),
        ('recovery', '0015_judge_promises_in_one_place'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Grievance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('dispute', 'dispute'), ('complaint', 'complaint')], max_length=9)),
                ('subject', models.CharField(choices=[('not_mine', 'the debt is not theirs'), ('amount', 'the amount is wrong'), ('already_paid', 'it was paid'), ('fraud', 'fraud or stolen identity'), ('conduct', 'how they were spoken to'), ('contact', 'how often or when they were contacted'), ('privacy', 'their data'), ('service', 'errors or delays'), ('other', 'something else')], max_length=12)),
                ('channel', models.CharField(choices=[('call', 'call'), ('sms', 'text message'), ('email', 'e-mail'), ('letter', 'letter'), ('visit', 'visit'), ('web', 'web page'), ('regulator', 'regulator or ombudsman')], help_text='How it came in.', max_length=9)),
                ('text', models.TextField(help_text='In their own words.', max_length=5000)),
                ('received_on', models.DateField()),
                ('answer_due_on', models.DateField(editable=False, help_text='The last day for an answer; the database finds it from the period in force on receipt.')),
                ('booked_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), help_text='When the entry was known, which may be later than it counts.')),
                ('borrower', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='grievances', to='borrowers.borrower')),
                ('contact_event', models.ForeignKey(blank=True, db_index=False, help_text='In which it was said.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='borrowers.contactevent')),
                ('loan', models.ForeignKey(blank=True, help_text='Empty: no single one.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='grievances', to='borrowers.loan')),
                ('recorded_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.AddField(
            model_name='hold',
            name='grievance',
            field=models.ForeignKey(blank=True, help_text='The dispute that holds, and whose answer lifts it.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='holds', to='recovery.grievance'),
        ),
        migrations.CreateModel(
            name='GrievanceAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('outcome', models.CharField(choices=[('upheld', 'upheld'), ('partly_upheld', 'upheld in part'), ('not_upheld', 'not upheld'), ('withdrawn', 'withdrawn')], max_length=13)),
                ('text', models.TextField(help_text='The exact answer they were given.', max_length=5000)),
                ('cause', models.CharField(blank=True, db_default='', help_text='What led to it, so that it does not happen again.', max_length=300)),
                ('redress_amount', borrowers.models.fields.MoneyField(blank=True, decimal_places=2, help_text='Paid or credited to make it good.', max_digits=14, null=True)),
                ('answered_on', models.DateField()),
                ('booked_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), help_text='When the entry was known, which may be later than it counts.')),
                ('answered_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('grievance', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='answer', to='recovery.grievance')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='AnswerPeriod',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('dispute', 'dispute'), ('complaint', 'complaint')], max_length=9)),
                ('days', models.PositiveSmallIntegerField(help_text='Calendar days from the day of receipt.')),
                ('effective_from', models.DateField()),
                ('source', models.CharField(help_text='Where it is written, or who decided it.', max_length=300)),
                ('jurisdiction', models.ForeignKey(blank=True, help_text='Empty: wherever none of its own is set.', null=True, on_delete=django.db.models.deletion.PROTECT, to='recovery.jurisdiction')),
            ],
            options={
                'ordering': ['kind', 'jurisdiction_id', '-effective_from'],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['dispute', 'complaint'])), name='answer_period_kind_is_known'), models.CheckConstraint(condition=models.Q(('days__range', (1, 365))), name='answer_period_is_within_a_year'), models.CheckConstraint(condition=models.Q(('source', ''), _negated=True), name='answer_period_names_its_source'), models.UniqueConstraint(fields=('kind', 'jurisdiction', 'effective_from'), name='answer_period_is_said_once', nulls_distinct=False)],
            },
        ),
        migrations.AddIndex(
            model_name='grievance',
            index=models.Index(fields=['borrower', '-id'], name='grievance_borrower_idx'),
        ),
        migrations.AddIndex(
            model_name='grievance',
            index=models.Index(fields=['answer_due_on', 'id'], name='grievance_due_idx'),
        ),
        migrations.AddIndex(
            model_name='grievance',
            index=models.Index(fields=['contact_event'], name='grievance_event_idx'),
        ),
        migrations.AddConstraint(
            model_name='grievance',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['dispute', 'complaint'])), name='grievance_kind_is_known'),
        ),
        migrations.AddConstraint(
            model_name='grievance',
            constraint=models.CheckConstraint(condition=models.Q(('subject__in', ['not_mine', 'amount', 'already_paid', 'fraud', 'conduct', 'contact', 'privacy', 'service', 'other'])), name='grievance_subject_is_known'),
        ),
        migrations.AddConstraint(
            model_name='grievance',
            constraint=models.CheckConstraint(condition=models.Q(('channel__in', ['call', 'sms', 'email', 'letter', 'visit', 'web', 'regulator'])), name='grievance_channel_is_known'),
        ),
        migrations.AddConstraint(
            model_name='grievance',
            constraint=models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='grievance_has_a_text'),
        ),
        migrations.AddConstraint(
            model_name='grievance',
            constraint=models.CheckConstraint(condition=models.Q(('answer_due_on__gt', models.F('received_on'))), name='grievance_leaves_time_to_answer'),
        ),
        migrations.AddConstraint(
            model_name='grievanceanswer',
            constraint=models.CheckConstraint(condition=models.Q(('outcome__in', ['upheld', 'partly_upheld', 'not_upheld', 'withdrawn'])), name='grievance_outcome_is_known'),
        ),
        migrations.AddConstraint(
            model_name='grievanceanswer',
            constraint=models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='grievance_answer_has_a_text'),
        ),
        migrations.AddConstraint(
            model_name='grievanceanswer',
            constraint=models.CheckConstraint(condition=models.Q(('redress_amount__gte', 0), ('redress_amount__lt', Decimal('1000000000000'))), name='redress_is_money'),
        ),
        RunSqlFile("sql/grievances/grievances.sql", reverse="sql/grievances/drop_grievances.sql"),
        RunSqlFile("sql/contacts/holds.sql", reverse="migrations/sql/0004_holds.sql"),
        RunSqlFile("sql/contacts/permission.sql", reverse="migrations/sql/0004_permission.sql"),
        AppendOnly("recovery_grievance"),
        AppendOnly("recovery_grievanceanswer"),
    ]
