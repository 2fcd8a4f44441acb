from django.db import migrations

from creditpath.sql import RunSqlFile


class Migration(migrations.Migration):
    dependencies = [("borrowers", "0001_initial")]

    operations = [RunSqlFile("migrations/sql/0002_delinquency.sql", reverse="migrations/sql/0002_drop_delinquency.sql")]
