"""Named faults that a test can arm."""
