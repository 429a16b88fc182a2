"""What a tag publishes: real git checkouts of small notebooks, made here."""

import hashlib
import json
import subprocess
import zipfile
from pathlib import Path

from workbook import paths
from workbook_staff.cli import main
from workbook_staff.notebooks import colab

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

PYPROJECT = '[project]\nversion = "1.2.3"\n'


def git(*arguments: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@localhost", "-c", "tag.gpgsign=false"]
    subprocess.run(["git", "-C", paths.ROOT, *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path / "notebooks")
    monkeypatch.setattr(paths, "REPORTS", tmp_path / "reports")
    for name, text in {
        "pyproject.toml": PYPROJECT,
        ".gitignore": "/reports/\n",
        "requirements.txt": "pytest==1\n",
        ".ci/requirements-gpu.txt": "pytest==1\nnvidia==1\n",
        ".ci/requirements-student.txt": "keras==1\n",
        ".ci/requirements-student-gpu.txt": "keras==1\nnvidia==1\n",
        "src/workbook_staff/grade.py": "secret = 42\n",
        "conftest.py": "secret = 42\n",
        "src/course.py": "x = 1\n",
        "tests/test_answers.py": "secret = 42\n",
        ".github/workflows/tests.yml": "on: push\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    made = new_notebook(
        cells=[
            new_markdown_cell("# Sums"),
            new_code_cell("x = 6", execution_count=1, outputs=[new_output("stream", text="kept")]),
            new_code_cell(
                "answer = x * 7  # secret",
                execution_count=2,
                metadata={"tags": ["solution"]},
                outputs=[new_output("stream", text="secret")],
            ),
        ]
    )
    paths.NOTEBOOKS.mkdir()
    nbformat.write(made, paths.NOTEBOOKS / "a.ipynb")
    git("init")
    git("add", "-A")
    git("commit", "-m", "a")
    return tmp_path


def released() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (paths.REPORTS / "release").iterdir()}


def test_a_tag_gives_the_students_zip_the_pages_and_their_digests_twice_the_same(checkout):
    paths.REPORTS.mkdir()
    (paths.REPORTS / "a.slides.html").write_text("slides", encoding="utf-8")
    git("tag", "v1.2.3")
    assert main(["release"]) == 0
    first = released()
    sums = first.pop("SHA256SUMS").decode()
    assert sums == "".join(f"{hashlib.sha256(first[n]).hexdigest()}  {n}\n" for n in sorted(
        first, key=lambda name: ["student", "pages-student", "pages-instructor"].index(
            name.removeprefix("workbook-1.2.3-").removesuffix(".zip")
        )
    ))  # fmt: skip
    assert main(["release"]) == 0
    assert first.items() < released().items()

    inside = {}
    for kind in ("student", "pages-student", "pages-instructor"):
        with zipfile.ZipFile(paths.REPORTS / f"release/workbook-1.2.3-{kind}.zip") as archive:
            inside[kind] = {
                name.removeprefix("workbook-1.2.3/"): archive.read(name).decode()
                for name in archive.namelist()
            }
    assert set(inside["student"]) == {
        *("pyproject.toml", "requirements.txt", ".ci/requirements-gpu.txt"),
        *("src/course.py", "notebooks/a.ipynb"),
    }
    assert inside["student"]["requirements.txt"] == "keras==1\n"
    assert inside["student"][".ci/requirements-gpu.txt"] == "keras==1\nnvidia==1\n"
    assert "kept" in inside["student"]["notebooks/a.ipynb"]
    for kind in ("student", "pages-student"):
        assert not [name for name, text in inside[kind].items() if "secret" in text]
    assert set(inside["pages-student"]) == {"a.html", "index.html"}
    assert set(inside["pages-instructor"]) == {"a.html", "index.html", "a.slides.html"}
    assert "secret" in inside["pages-instructor"]["a.html"]


def test_what_goes_deeper_is_published_in_its_place(checkout):
    (paths.NOTEBOOKS / "further").mkdir()
    (paths.NOTEBOOKS / "a.ipynb").rename(paths.NOTEBOOKS / "further" / "b.ipynb")
    git("add", "-A")
    git("commit", "-m", "b")
    git("tag", "v1.2.3")
    assert main(["release"]) == 0
    with zipfile.ZipFile(paths.REPORTS / "release/workbook-1.2.3-student.zip") as archive:
        assert "workbook-1.2.3/notebooks/further/b.ipynb" in archive.namelist()
    with zipfile.ZipFile(paths.REPORTS / "release/workbook-1.2.3-pages-student.zip") as archive:
        index = archive.read("workbook-1.2.3/index.html").decode()
        assert "workbook-1.2.3/b.html" in archive.namelist()
    assert "b.html" in index.partition("Going deeper")[2]


def test_nothing_is_released_but_from_the_tag_of_the_version(checkout, capsys):
    def refused() -> str:
        assert main(["release"]) == 1
        said = capsys.readouterr().err
        assert said.startswith("FAILED: ") and said.count("\n") == 1
        assert not (paths.REPORTS / "release").exists()
        return said

    assert "no tag; expected v1.2.3" in refused()
    git("tag", "v9")
    assert "the tags v9; expected v1.2.3" in refused()
    git("tag", "v1.2.3")
    (checkout / "src" / "course.py").write_text("x = 2\n", encoding="utf-8")
    assert "src/course.py was changed since the last commit" in refused()


def test_outside_of_a_git_checkout_nothing_is_released(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    assert main(["release"]) == 1
    assert "a release is made from a git checkout" in capsys.readouterr().err


def students(checkout: Path, url: str) -> list[nbformat.NotebookNode]:
    (checkout / "pyproject.toml").write_text(
        f"{PYPROJECT}[project.urls]\nRepository = {json.dumps(url)}\n", encoding="utf-8"
    )
    assert main(["student"]) == 0
    return nbformat.read(paths.REPORTS / "student" / "a.ipynb", 4).cells


@pytest.mark.parametrize("end", ["", "/", ".git"])
def test_an_address_makes_a_badge_and_a_first_cell_none_makes_neither(checkout, end):
    assert [cell.cell_type for cell in students(checkout, "")] == ["markdown", "code", "code"]
    cells = students(checkout, f"https://github.com/owner/a.name{end}")
    assert [cell.cell_type for cell in cells] == ["markdown", "markdown", "code", "code", "code"]
    assert "colab.research.google.com/github/owner/a.name/blob/student/a.ipynb" in cells[1].source
    assert "--no-deps git+https://github.com/owner/a.name@v1.2.3" in cells[2].source


@pytest.mark.parametrize("url", ["https://example.org/a/b", "https://github.com/owner", "a/b"])
def test_an_address_that_colab_does_not_open_is_told_in_a_line(checkout, url, capsys):
    (checkout / "pyproject.toml").write_text(
        f"{PYPROJECT}[project.urls]\nRepository = {json.dumps(url)}\n", encoding="utf-8"
    )
    assert main(["student"]) == 1
    assert f"Repository is {url!r}; expected https://github.com/" in capsys.readouterr().err


@pytest.mark.parametrize("there", [True, False])
def test_the_first_cell_installs_in_colab_and_does_nothing_elsewhere(there, monkeypatch):
    monkeypatch.delenv("COLAB_RELEASE_TAG", raising=False)
    if there:
        monkeypatch.setenv("COLAB_RELEASE_TAG", "release-colab")
    asked: list[str] = []
    shell = InteractiveShell()
    shell.history_manager.enabled = False
    shell.register_magic_function(asked.append, magic_name="pip")
    shell.run_cell(colab.install("owner/name", "v1")).raise_error()
    assert asked == ["install --quiet --no-deps git+https://github.com/owner/name@v1"] * there


def test_what_git_ignores_is_in_no_student_s_image() -> None:
    def lines(name: str) -> list[str]:
        text = (Path(__file__).parents[1] / name).read_text(encoding="utf-8")
        return [line for line in text.splitlines() if not line.startswith("#")]

    def in_docker_s_words(line: str) -> str:
        sign, path = line[: line.startswith("!")], line.removeprefix("!").removesuffix("/")
        return sign + (path.removeprefix("/") if path.startswith("/") else f"**/{path}")

    left_out = lines(".devcontainer/Dockerfile.dockerignore")
    assert {*map(in_docker_s_words, lines(".gitignore")), ".git", "tests"} == set(left_out)
