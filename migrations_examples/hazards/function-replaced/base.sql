CREATE FUNCTION rate(city text) RETURNS integer LANGUAGE sql AS 'SELECT 7';
