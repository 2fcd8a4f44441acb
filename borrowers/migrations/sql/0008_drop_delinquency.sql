DROP FUNCTION default_days_of(bigint[], date[], timestamptz[], numeric, numeric);
DROP FUNCTION delinquency_as_of(date, timestamptz, bigint[]);
DROP FUNCTION delinquency_of(bigint[], date[], timestamptz[]);
DROP FUNCTION settled_lines_of(bigint[], date[], timestamptz[]);
DROP FUNCTION is_owing(text);
DROP FUNCTION bucket_of(integer);
