DROP FUNCTION written_local(timestamptz, text);
DROP FUNCTION day_has_begun(text[], date);
DROP FUNCTION next_contact_hour(text[], timestamptz, time, time, smallint[], jsonb);
DROP FUNCTION zone_change(text, timestamptz, timestamptz);
DROP FUNCTION zone_offset(text, timestamptz);
DROP FUNCTION contact_hours_allow(text[], timestamptz, time, time, smallint[], jsonb);
DROP FUNCTION learn_time_zones();
DROP TABLE recovery_known_time_zone;
