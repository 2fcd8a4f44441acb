"""From a file that a person sends in to rows in the books: store, look, map, check, import.

storing (files under random names, nothing that is no table) -> jobs (what the worker does, with progress) -> services (the
verbs). The pages are in borrowers/import_views.py.
"""
