from django.db import migrations

from creditpath.sql import AppendOnly, RunSqlFile


class Migration(migrations.Migration):
    dependencies = [
        ("recovery", "0027_keep_evidence"),
        ("borrowers", "0021_leave_room_for_a_day"),
    ]

    operations = [
        AppendOnly("recovery_evidenceseal"),
        AppendOnly("recovery_legalhold"),
        AppendOnly("recovery_erasurerequest"),
        AppendOnly("recovery_erasuredecision"),
        RunSqlFile("sql/evidence/digests.sql", reverse="sql/evidence/drop_digests.sql"),
        RunSqlFile("sql/evidence/queue.sql", reverse="sql/evidence/drop_queue.sql"),
        RunSqlFile("sql/evidence/guard.sql", reverse="sql/evidence/drop_guard.sql"),
    ]
