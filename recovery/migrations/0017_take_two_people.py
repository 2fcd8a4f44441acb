import borrowers.models.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models

from creditpath.sql import AppendOnly, RunSqlFile


class Migration(migrations.Migration):

    dependencies = [
        ('borrowers', '0019_judge_promises_by_rules'),
        ('recovery', '0016_keep_disputes_and_complaints'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='LoanProposal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('write_off', 'write off'), ('placement', 'place with an agency'), ('recall', 'recall from the agency'), ('closing', 'close')], max_length=9)),
                ('amount', borrowers.models.fields.MoneyField(blank=True, decimal_places=2, help_text='Written off.', max_digits=14, null=True)),
                ('counterparty', models.CharField(blank=True, db_default='', help_text='The agency.', max_length=120)),
                ('reason', models.CharField(max_length=500)),
                ('booked_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), help_text='When the entry was known, which may be later than it counts.')),
                ('loan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='proposals', to='borrowers.loan')),
                ('proposed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='LoanProposalDecision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_approved', models.BooleanField()),
                ('reason', models.CharField(blank=True, db_default='', help_text='Needed where it is refused.', max_length=500)),
                ('booked_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), help_text='When the entry was known, which may be later than it counts.')),
                ('decided_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('loan_event', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='decision', to='borrowers.loanevent')),
                ('proposal', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='decision', to='recovery.loanproposal')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.AddIndex(
            model_name='loanproposal',
            index=models.Index(fields=['loan', '-id'], name='proposal_loan_idx'),
        ),
        migrations.AddConstraint(
            model_name='loanproposal',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['write_off', 'placement', 'recall', 'closing'])), name='proposal_kind_is_known'),
        ),
        migrations.AddConstraint(
            model_name='loanproposal',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0), ('amount__lt', Decimal('1000000000000'))), name='proposal_amount_is_money'),
        ),
        migrations.AddConstraint(
            model_name='loanproposal',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('amount__isnull', False), ('kind', 'write_off')), models.Q(models.Q(('kind', 'write_off'), _negated=True), ('amount__isnull', True)), _connector='OR'), name='write_off_alone_has_an_amount'),
        ),
        migrations.AddConstraint(
            model_name='loanproposal',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'placement'), _negated=True), models.Q(('counterparty', ''), _negated=True), _connector='OR'), name='placement_names_the_agency'),
        ),
        migrations.AddConstraint(
            model_name='loanproposal',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='proposal_says_why'),
        ),
        migrations.AddConstraint(
            model_name='loanproposaldecision',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('is_approved', True), ('loan_event__isnull', False)), models.Q(('is_approved', False), ('loan_event__isnull', True), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='decision_books_an_event_or_says_why_not'),
        ),
        RunSqlFile("sql/approvals/guard.sql", reverse="sql/approvals/drop_guard.sql"),
        AppendOnly("recovery_loanproposal"),
        AppendOnly("recovery_loanproposaldecision"),
    ]
