"""Values to text, one form a folder: console, JSON. Pure: no file, no clock, no terminal is touched here."""
