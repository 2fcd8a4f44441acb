from django.db import migrations

from creditpath.sql import RunSqlFile


class Migration(migrations.Migration):

    dependencies = [
        ('borrowers', '0010_keep_reconciliations'),
    ]

    operations = [
        RunSqlFile("sql/list_indexes.sql", reverse="sql/drop_list_indexes.sql"),
    ]
