"""Data, not code: tree-sitter queries, the kernel's macro dialect, vocabularies, policies."""
