from django.db import migrations


class Migration(migrations.Migration):
    """Flag figures that were kept before there was a flag and not refreshed since; what was refreshed has it already."""

    dependencies = [
        ("borrowers", "0021_leave_room_for_a_day"),
    ]

    operations = [
        migrations.RunSQL(
            """
            UPDATE borrowers_delinquency AS kept
            SET is_flagged = true
            FROM borrowers_loan AS loan
            JOIN borrowers_product AS product ON product.id = loan.product_id
            WHERE loan.id = kept.loan_id AND NOT kept.is_flagged AND kept.days_past_due > product.grace_days
            """,
            "",
        ),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", ""),
    ]
