DROP FUNCTION delinquency_as_of(date, timestamptz, bigint[]);
DROP FUNCTION delinquency_of(bigint[], date[], timestamptz[]);
DROP FUNCTION bucket_of(integer);
