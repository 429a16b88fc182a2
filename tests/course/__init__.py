"""What a notebook asks of its reader: how long it takes, and what its sentences claim."""
