from django.db import migrations

from creditpath.sql import AppendOnly

# As they are first put in; admins edit the rows.
THRESHOLDS = [
    ("score_psi", 0.1, 0.25),
    ("feature_psi", 0.1, 0.25),
    ("missing_rate", 0.05, 0.15),
    ("auc_drop", 0.03, 0.06),
    ("calibration", 2.0, 3.0),
    ("overrides", 0.2, 0.4),
]


def put_in_thresholds(apps, schema_editor):
    threshold = apps.get_model("scoring", "AlertThreshold")
    threshold.objects.bulk_create(threshold(measure=measure, look=look, act=act) for measure, look, act in THRESHOLDS)


class Migration(migrations.Migration):
    dependencies = [
        ("scoring", "0012_watch_models"),
        ("borrowers", "0003_refuse_changes_to_the_ledger"),
    ]

    operations = [
        AppendOnly("scoring_trainingreference"),
        AppendOnly("scoring_shadowrun"),
        AppendOnly("scoring_shadowscore"),
        AppendOnly("scoring_modelreading"),
        migrations.RunPython(put_in_thresholds, migrations.RunPython.noop),
    ]
