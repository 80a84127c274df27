"""Robot Framework keywords: doors to the other packages."""
