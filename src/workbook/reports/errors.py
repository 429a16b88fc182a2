"""What the commands raise with a line for the user, who can mend it."""


class NotebookError(Exception):
    """A notebook that cannot be read, or may not be executed: which, why, and what to do."""


class KernelError(RuntimeError):
    """No notebook can be executed, since Python's kernel did not start: why, and what to do."""


class RevealError(Exception):
    """The files of reveal.js cannot be had: what was tried, what went wrong, what to do."""
