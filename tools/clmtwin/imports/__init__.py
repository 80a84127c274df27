"""Migration of contracts that other people captured: one module per file layout."""
