"""The formula language of validation rules, formula fields and defaults."""
