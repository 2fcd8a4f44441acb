DROP INDEX contact_point_phone_key_idx;
DROP FUNCTION contact_points_of_number(text);
DROP FUNCTION e164(text, text);
DROP FUNCTION phone_key(text);
DROP FUNCTION phone_digits(text);
DROP FUNCTION calling_code(text);
