"""Evidence of a run, and what a release needs."""
