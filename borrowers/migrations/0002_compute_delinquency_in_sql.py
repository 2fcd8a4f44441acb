from django.db import migrations

from creditpath.sql import RunSqlFile


class Migration(migrations.Migration):
    dependencies = [("borrowers", "0001_initial")]

    operations = [RunSqlFile("sql/delinquency.sql", reverse="sql/drop_delinquency.sql")]
