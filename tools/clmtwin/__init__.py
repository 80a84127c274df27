"""A CLM staging system on one machine: the witness for the CLM side."""
