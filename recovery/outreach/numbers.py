"""Telephone numbers: who has one."""

from django.db import connection

READ = 200  # more people than that share no number


def points_of_number(number: str) -> list[int]:
    """Return the contact points that a number is, however it or theirs is written; by an index, about a millisecond."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT contact_point_id FROM contact_points_of_number(%s) LIMIT %s", [number, READ])
        return [pk for (pk,) in cursor.fetchall()]
