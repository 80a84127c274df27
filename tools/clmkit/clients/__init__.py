"""The two systems over the wire; their errors mapped once."""
