"""The built-in parsers: one file, one format; found by name, nothing to register."""
