"""Draft a mapping from headers and values, for a person to correct.

`services.suggest_mapping` is the verb. sampling (first rows of every table) -> looking (what the values are) and naming (what the
headers say) -> linking (which tables share keys) -> drafting (a field for each column) -> writing (TOML with reasons).
"""
