"""What a network that no page can run is told of with."""


class NetworkError(ValueError):
    """A network that cannot run in a page: which layer, what it is, what to do instead."""
