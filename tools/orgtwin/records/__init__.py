"""The store, its savepoints and indexes, and the save order."""
