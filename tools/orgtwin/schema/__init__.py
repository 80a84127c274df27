"""Objects, fields, relationships, describe; the standard objects as data."""
