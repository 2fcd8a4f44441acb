from django.db import migrations

from creditpath.sql import RunSqlFile


class Migration(migrations.Migration):

    dependencies = [
        ('borrowers', '0014_read_payments_from_the_index'),
    ]

    operations = [
        RunSqlFile("sql/finished_runs.sql", reverse="sql/drop_finished_runs.sql"),
    ]
