"""SOQL text to tree to plan to rows."""
