from django.db import migrations

from creditpath.sql import RunSqlFile


class Migration(migrations.Migration):
    dependencies = [("recovery", "0011_read_numbers_of_no_country")]

    operations = [RunSqlFile("sql/outreach/points_of_number.sql", reverse="")]
