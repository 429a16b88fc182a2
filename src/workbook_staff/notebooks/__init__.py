"""Notebooks as files: found, read leniently, executed, their runs cached, solutions left out."""
