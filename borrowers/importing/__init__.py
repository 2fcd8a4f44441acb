"""Bring a lender's files into the books: read in chunks, type, stage, check, publish in one transaction.

`services.import_portfolio` is the verb. The way of a row: sources (files to frames of text) -> values (text to typed values) ->
rows (values to staged rows) -> staging (COPY into the run's own schema) -> checking (rules across rows, in SQL) ->
publishing (one transaction into the books). docs/importing.md explains the mapping.
"""
