"""PostgreSQL without an installed server: a Django database backend that starts the one from our wheel when first needed.

    places.py     where its files live, and as whom it runs
    server.py     create, start, wait for and stop it
    lease.py      who uses it: the last one out stops it
    guardian.py   stops it for a supervisor that is killed
    base.py       the Django backend

Importing any of this starts nothing; the first connection does. DATABASE_URL switches all of it off.
"""
