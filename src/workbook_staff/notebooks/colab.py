"""A notebook that opens in Colab: a badge, and a first cell that installs the workbook there.

Both are made from the address of the repository, ``Repository`` under ``[project.urls]`` in
pyproject.toml, and left out where there is none. The badge opens the unsolved notebook on the
branch ``student``, which the release workflow writes; the cell installs the version's tag.
"""

import re
import tomllib
from typing import Any

from workbook import paths
from workbook.errors import NotebookError

from nbformat import NotebookNode, v4

_COLAB = "https://colab.research.google.com"
_REPOSITORY = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+?)(\.git)?/?")


def project() -> dict[str, Any]:
    """Return what pyproject.toml says under ``[project]``, nothing outside of a checkout."""
    path = paths.ROOT / "pyproject.toml"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return dict(tomllib.loads(text).get("project", {}))


def make_ready(notebook: NotebookNode, name: str) -> None:
    """Put badge and cell before a notebook's first code cell; without an address, nothing.

    ``name`` is the notebook's place in ``notebooks/``, with slashes.

    Raises:
        NotebookError: The address is none that Colab can open.
    """
    described = project()
    url = described.get("urls", {}).get("Repository", "")
    if not url:
        return
    found = _REPOSITORY.fullmatch(url)
    if not found:
        raise NotebookError(
            f"pyproject.toml: Repository is {url!r}; expected https://github.com/OWNER/NAME, from "
            "which Colab opens notebooks: correct it, or take it out"
        )
    code = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    place = code[0] if code else len(notebook.cells)
    notebook.cells[place:place] = [
        v4.new_markdown_cell(
            f"[![Open in Colab]({_COLAB}/assets/colab-badge.svg)]"
            f"({_COLAB}/github/{found[1]}/blob/student/{name})",
            id="colab-badge",
        ),
        v4.new_code_cell(install(found[1], f"v{described['version']}"), id="colab-install"),
    ]


def install(repository: str, tag: str) -> str:
    """Return a cell's source that installs the workbook in Colab, and does nothing elsewhere.

    Colab has all that the notebooks import. ``--no-deps`` leaves its TensorFlow, which knows its
    GPU, as it is.
    """
    return (
        "import os\n\n"
        'if "COLAB_RELEASE_TAG" in os.environ:\n'
        f"    %pip install --quiet --no-deps git+https://github.com/{repository}@{tag}"
    )
