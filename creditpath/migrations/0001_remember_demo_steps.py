from django.db import migrations


class Migration(migrations.Migration):
    """A table without a model: only `prepare_demo` reads it, and no screen shows it."""

    initial = True
    dependencies = []

    operations = [
        migrations.RunSQL(
            """
            CREATE TABLE creditpath_demo_step (
                name text PRIMARY KEY,
                answer jsonb NOT NULL,
                finished_at timestamptz NOT NULL DEFAULT now()
            );
            COMMENT ON TABLE creditpath_demo_step IS
                'Steps of the demo that are done, with what each reported; no row: this database is no demo.';
            """,
            reverse_sql="DROP TABLE creditpath_demo_step",
        )
    ]
