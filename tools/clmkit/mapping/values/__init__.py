"""Value conversions, one module per kind of value. Every function is total: it returns a Value or a Refusal and never raises."""
