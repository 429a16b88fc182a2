"""What a page holds of a notebook: each module turns one kind of content into what is shown.

A notebook from anywhere may hold anything. Nothing here raises for what it finds in one: what
cannot be shown is replaced by a word that says so.
"""
