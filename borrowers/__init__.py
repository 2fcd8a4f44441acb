"""The books: borrowers, loans, instalments, payments, contact events, delinquency, importing, simulation."""
