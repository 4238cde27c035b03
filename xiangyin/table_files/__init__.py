"""Reading a table of citizens' texts (CSV) row by row and writing it again with what was read."""
