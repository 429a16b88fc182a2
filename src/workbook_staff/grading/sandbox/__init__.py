"""Where answers run: a process without network, files or the right answers (Linux only)."""
