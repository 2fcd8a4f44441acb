DROP FUNCTION contact_permission(bigint, bigint, text, bigint, timestamptz);
DROP FUNCTION contact_answer(bigint, bigint, text, bigint, timestamptz, text, bigint, bigint, boolean);
DROP FUNCTION later_of(timestamptz, timestamptz);
DROP FUNCTION reason(text, text);
DROP FUNCTION has_opted_out(bigint, text, timestamptz);
DROP FUNCTION candidate_zones(bigint, bigint, text);
DROP FUNCTION contact_attempts(bigint, text[], timestamptz, timestamptz, timestamptz, integer, text, bigint, bigint);
DROP FUNCTION consent_to_call(bigint, bigint, bigint, timestamptz, integer, text);
