"""Data, not code: the kernel's macro dialect, and how files of other languages are outlined."""
