from django.db import migrations

from creditpath.sql import RunSqlFile


class Migration(migrations.Migration):
    dependencies = [("recovery", "0010_guard_messages_and_find_numbers")]

    operations = [RunSqlFile("sql/outreach/e164.sql", reverse="")]
