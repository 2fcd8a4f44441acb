-- Telephone numbers in any spelling: E.164 by the borrower's jurisdiction, and who has a number.

-- How numbers of a country are written: its calling code, and what is dialled before a number within it.
CREATE FUNCTION calling_code(p_country text, OUT calling text, OUT trunk text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT code.calling, code.trunk
    FROM (
        VALUES
            ('US', '1', '1'), ('CA', '1', '1'), ('PR', '1', '1'), ('JM', '1', '1'), ('DO', '1', '1'), ('TT', '1', '1'),
            ('GB', '44', '0'), ('IE', '353', '0'), ('FR', '33', '0'), ('DE', '49', '0'), ('AT', '43', '0'), ('CH', '41', '0'),
            ('NL', '31', '0'), ('BE', '32', '0'), ('LU', '352', ''), ('ES', '34', ''), ('PT', '351', ''), ('IT', '39', ''),
            ('MT', '356', ''), ('GR', '30', ''), ('CY', '357', ''), ('DK', '45', ''), ('NO', '47', ''), ('SE', '46', '0'),
            ('FI', '358', '0'), ('IS', '354', ''), ('EE', '372', ''), ('LV', '371', ''), ('LT', '370', '0'), ('PL', '48', ''),
            ('CZ', '420', ''), ('SK', '421', '0'), ('HU', '36', '06'), ('SI', '386', '0'), ('HR', '385', '0'), ('RO', '40', '0'),
            ('BG', '359', '0'), ('RS', '381', '0'), ('UA', '380', '0'), ('TR', '90', '0'), ('RU', '7', '8'), ('KZ', '7', '8'),
            ('IN', '91', '0'), ('PK', '92', '0'), ('BD', '880', '0'), ('LK', '94', '0'), ('NP', '977', '0'), ('AE', '971', '0'),
            ('SA', '966', '0'), ('IL', '972', '0'), ('CN', '86', '0'), ('HK', '852', ''), ('SG', '65', ''), ('MY', '60', '0'),
            ('TH', '66', '0'), ('VN', '84', '0'), ('PH', '63', '0'), ('ID', '62', '0'), ('JP', '81', '0'), ('KR', '82', '0'),
            ('AU', '61', '0'), ('NZ', '64', '0'), ('NG', '234', '0'), ('GH', '233', '0'), ('KE', '254', '0'), ('TZ', '255', '0'),
            ('UG', '256', '0'), ('RW', '250', '0'), ('ZA', '27', '0'), ('ZM', '260', '0'), ('EG', '20', '0'), ('MA', '212', '0'),
            ('MX', '52', ''), ('BR', '55', '0'), ('AR', '54', '0'), ('CL', '56', ''), ('CO', '57', ''), ('PE', '51', '0')
    ) AS code (country, calling, trunk)
    WHERE code.country = p_country
$$;

-- The digits of a number without its extension, the "(0)" of "+44 (0)20" left out.
CREATE FUNCTION phone_digits(p_number text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT regexp_replace(
        regexp_replace(
            CASE WHEN p_number ~ '^\s*(\+|00)' THEN replace(p_number, '(0)', '') ELSE p_number END,
            '\s*(x|ext\.?|#)\s*[0-9]{1,6}\s*$', '', 'i'
        ),
        '[^0-9]', '', 'g'
    )
$$;

-- What is equal in all spellings of one number: its last seven digits. Some other numbers share them.
CREATE FUNCTION phone_key(p_number text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT right(
        pg_catalog.regexp_replace(
            pg_catalog.regexp_replace(p_number, '\s*(x|ext\.?|#)\s*[0-9]{1,6}\s*$', '', 'i'), '[^0-9]', '', 'g'
        ),
        7
    )
$$;
