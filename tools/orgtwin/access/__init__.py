"""Who may see and change what; asked by every read and write."""
