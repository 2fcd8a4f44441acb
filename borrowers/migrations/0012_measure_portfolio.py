from django.db import migrations, models

from creditpath.sql import RunSqlFile


class Migration(migrations.Migration):

    dependencies = [
        ('borrowers', '0011_find_rows_by_their_beginning'),
    ]

    operations = [
        RunSqlFile(
            "sql/loans_asked_for.sql",
            reverse="DROP FUNCTION loans_asked_for(text, bigint, bigint, text, text);",
        ),
        migrations.CreateModel(
            name='ContactCost',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(choices=[('call', 'call'), ('sms', 'text message'), ('email', 'e-mail'), ('letter', 'letter'), ('visit', 'visit'), ('inbound', 'inbound call')], max_length=10)),
                ('currency', models.CharField(max_length=3)),
                ('cost_amount', models.DecimalField(decimal_places=4, help_text='Of one contact or attempt: postage, fees, or all of it.', max_digits=10)),
                ('minute_amount', models.DecimalField(db_default=0, decimal_places=4, default=0, help_text='Of a minute of talk or wrap-up.', max_digits=10)),
                ('since', models.DateField()),
            ],
            options={
                'ordering': ['channel', 'currency', '-since'],
                'constraints': [models.UniqueConstraint(fields=('channel', 'currency', 'since'), name='contact_cost_is_set_once_a_day'), models.CheckConstraint(condition=models.Q(('channel__in', ['call', 'sms', 'email', 'letter', 'visit', 'inbound'])), name='contact_cost_channel_is_known'), models.CheckConstraint(condition=models.Q(('currency__regex', '^[A-Z]{3}$')), name='contact_cost_currency_is_iso_4217'), models.CheckConstraint(condition=models.Q(('cost_amount__gte', 0), ('cost_amount__lt', 1000000), ('minute_amount__gte', 0), ('minute_amount__lt', 1000000)), name='contact_cost_is_not_negative')],
            },
        ),
    ]
