"""The CLM's REST surface."""
