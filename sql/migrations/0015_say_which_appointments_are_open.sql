-- serves: 5
CREATE FUNCTION is_open(status text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN status = 'booked';
