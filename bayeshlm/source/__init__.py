"""Tables of data: reading files, and what is asked of a table."""
