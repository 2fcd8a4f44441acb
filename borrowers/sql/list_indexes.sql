-- What lists of a million rows are searched and filtered by: text from its beginning, names in any case. The operator classes serve
-- LIKE 'x%' whatever the collation of the database. Numbers of borrowers, loans and payments have such an index already.

CREATE INDEX borrower_name_prefix_idx ON borrowers_borrower (upper(full_name) text_pattern_ops);
CREATE INDEX contact_point_value_prefix_idx ON borrowers_contactpoint (value varchar_pattern_ops);
CREATE INDEX collateral_reference_prefix_idx ON borrowers_collateral (reference varchar_pattern_ops);

-- The currencies in use are found by skipping from one to the next.
CREATE INDEX loan_currency_idx ON borrowers_loan (currency);
