import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
from django.db import migrations, models

from creditpath.sql import AppendOnly, RunSqlFile


class Migration(migrations.Migration):
    dependencies = [
        ("recovery", "0006_version_policies_and_log_decisions"),
        ("borrowers", "0003_refuse_changes_to_the_ledger"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='policy',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), ('effective_from__isnull', False), _connector='OR'), name='approved_policy_has_a_first_day'),
        ),
        migrations.AddConstraint(
            model_name='policy',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), ('is_installed', True), models.Q(('approved_by__isnull', False), ('submitted_by__isnull', False)), _connector='OR'), name='policy_is_approved_by_somebody'),
        ),
        migrations.AddConstraint(
            model_name='policy',
            constraint=models.CheckConstraint(condition=models.Q(('approved_by__isnull', True), models.Q(models.Q(('approved_by', models.F('submitted_by')), _negated=True), models.Q(('created_by__isnull', True), models.Q(('approved_by', models.F('created_by')), _negated=True), _connector='OR')), _connector='OR'), name='policy_is_approved_by_a_second_person'),
        ),
        migrations.AddConstraint(
            model_name='policy',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('state', 'approved')), expressions=[(models.Func(models.F('effective_from'), models.F('effective_until'), function='daterange'), '&&')], name='one_policy_in_force_per_day'),
        ),
        RunSqlFile("sql/guard_policies.sql", reverse="sql/drop_guard_policies.sql"),
        AppendOnly("recovery_policyevent"),
        AppendOnly("recovery_replayline"),
        AppendOnly("recovery_decisionanswer"),
        AppendOnly("recovery_performedaction"),
    ]
