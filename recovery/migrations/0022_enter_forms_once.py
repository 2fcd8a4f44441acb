from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('recovery', '0021_guard_payment_intents'),
    ]

    operations = [
        migrations.AddField(
            model_name='carerecord',
            name='form_key',
            field=models.CharField(blank=True, editable=False, max_length=80, null=True, unique=True),
        ),
        migrations.AddField(
            model_name='grievance',
            name='form_key',
            field=models.CharField(blank=True, editable=False, max_length=80, null=True, unique=True),
        ),
    ]
