"""Changes to decisions (pure) to apply; dead letters, cursors, reconcile."""
