-- Numbers in one spelling.

-- A number as +12125550123; null where the country that it is of is not known, or where it is no number.
CREATE OR REPLACE FUNCTION e164(p_number text, p_jurisdiction text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
    digits text := phone_digits(p_number);
    home record;
BEGIN
    SELECT found.calling, found.trunk INTO home FROM calling_code(split_part(p_jurisdiction, '-', 1)) AS found;
    IF p_number ~ '^\s*\+' THEN
        NULL;
    ELSIF digits ~ '^00' THEN
        digits := substr(digits, 3);
    ELSIF home.calling = '1' AND digits ~ '^011' THEN
        digits := substr(digits, 4);
    ELSIF home.calling IS NULL THEN
        RETURN NULL;
    ELSIF home.calling = '1' THEN
        digits := '1' || regexp_replace(digits, '^1', '');
    ELSIF home.trunk <> '' AND digits LIKE home.trunk || '%' THEN
        digits := home.calling || substr(digits, length(home.trunk) + 1);
    ELSIF NOT (digits LIKE home.calling || '%' AND length(digits) >= length(home.calling) + 9) THEN
        digits := home.calling || digits;
    END IF;
    RETURN CASE WHEN digits ~ '^[1-9][0-9]{6,14}$' THEN '+' || digits END;
END
$$;
