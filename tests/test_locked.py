"""What is installed: pyproject.toml's list and the files that ``make lock`` makes from it agree."""

import re
import tomllib
from importlib.metadata import distributions
from itertools import product

from workbook.paths import ROOT

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

STUDENTS = (".ci/requirements-student.txt", ".ci/requirements-student-gpu.txt")
LOCKS = {
    "requirements.txt": ["lab", "staff", "test"],
    ".ci/requirements-gpu.txt": ["lab", "staff", "test", "gpu"],
    STUDENTS[0]: ["lab"],
    STUDENTS[1]: ["lab", "gpu"],
}
"""Each lock, and which of the project's extras it holds beside the base."""
TENSORFLOW = {"tensorflow", "tensorflow-cpu"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

MACHINES = [
    {
        "sys_platform": system,
        "platform_system": name,
        "os_name": "nt" if system == "win32" else "posix",
        "platform_machine": processor,
        "python_version": python,
        "python_full_version": f"{python}.9",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    for (system, name, processor), python in product(
        [
            ("linux", "Linux", "x86_64"),
            ("linux", "Linux", "aarch64"),
            ("darwin", "Darwin", "arm64"),
            ("win32", "Windows", "AMD64"),
        ],
        ["3.11", "3.12", "3.13"],
    )
]


def locked(lock: str) -> list[tuple[Requirement, list[str]]]:
    """Return each requirement in ``lock`` with its digests; every line has to be one or other."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    entries = "\n".join(lines).replace("\\\n", " ").splitlines()
    return [
        (Requirement(entry.partition(" --hash=")[0]), re.findall(r"--hash=(\S+)", entry))
        for entry in entries
    ]


def installed_on(machine: dict[str, str], requirements: list[Requirement]) -> dict[str, str]:
    """Return the version of each package that ``machine`` gets; none may have two."""
    chosen = [r for r in requirements if r.marker is None or r.marker.evaluate(machine)]
    versions = {(canonicalize_name(r.name), str(r.specifier).removeprefix("==")) for r in chosen}
    assert len(versions) == len(dict(versions))
    return dict(versions)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_one_version_and_digests(lock: str) -> None:
    entries = locked(lock)
    assert len(entries) > 100
    for requirement, digests in entries:
        assert re.fullmatch(r"==[^,*]+", str(requirement.specifier)), requirement
        assert digests, requirement
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", digest) for digest in digests), requirement


# TensorFlow's CUDA build is for Linux.
@pytest.mark.parametrize(
    ("lock", "machine"),
    [
        pytest.param(lock, machine, id="-".join([lock, *list(machine.values())[3:5]]))
        for lock, machine in product(LOCKS, MACHINES)
        if "gpu" not in lock or machine["sys_platform"] == "linux"
    ],
)
def test_the_lock_holds_what_the_project_asks_for(lock: str, machine: dict[str, str]) -> None:
    asked = [Requirement(line) for line in PROJECT["dependencies"]]
    if "gpu" in LOCKS[lock]:
        asked = [r for r in asked if r.name not in TENSORFLOW]
    for extra in LOCKS[lock]:
        asked += [Requirement(line) for line in PROJECT["optional-dependencies"][extra]]
    wanted = installed_on(machine, asked)
    found = installed_on(machine, [requirement for requirement, _ in locked(lock)])
    drifted = {n: (v, found.get(n)) for n, v in wanted.items() if found.get(n) != v}
    assert not drifted, "asked for, locked: run make lock"
    assert len(TENSORFLOW & set(found)) == 1


def test_the_locks_have_each_package_in_the_same_version() -> None:
    everything, gpu, students, students_gpu = ({str(r) for r, _ in locked(lock)} for lock in LOCKS)
    assert all("tensorflow" in requirement for requirement in everything - gpu)
    assert all(re.match("tensorflow|nvidia-", requirement) for requirement in gpu - everything)
    assert students < everything and students_gpu < gpu


@pytest.mark.parametrize("lock", STUDENTS)
def test_students_install_no_tool_of_instructors_or_tests(lock: str) -> None:
    extras = PROJECT["optional-dependencies"]
    names = {canonicalize_name(r.name) for r, _ in locked(lock)}
    asked = {Requirement(line).name for extra in ("staff", "test") for line in extras[extra]}
    # These are JupyterLab's and the kernel's own.
    shared = {"nbformat", "nbclient", "nbconvert", "jupyter_client", "jinja2", "beautifulsoup4"}
    shared |= {"packaging", "psutil"}
    assert not {canonicalize_name(name) for name in asked - shared} & names


def test_a_python_below_3_11_5_gets_a_soupsieve_that_starts_there() -> None:
    """From 4.0 on its patterns have atomic groups, which Python's ``re`` matches wrongly below
    3.11.5: no page can be made there, since Beautiful Soup finds none of what it is asked for.
    """
    soupsieve = [r for r, _ in locked("requirements.txt") if r.name == "soupsieve"]
    versions = {
        python: [str(r.specifier) for r in soupsieve if r.marker and r.marker.evaluate(machine)]
        for python in ("3.11.0", "3.11.4", "3.11.5", "3.13.1")
        for machine in [MACHINES[0] | {"python_full_version": python}]
    }
    assert versions["3.11.0"] == versions["3.11.4"] == ["==2.10"]
    assert versions["3.11.5"] == versions["3.13.1"] and len(versions["3.13.1"]) == 1


def test_tensorflow_has_one_version() -> None:
    asked = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["gpu"]
    pins = {str(r.specifier) for r in map(Requirement, asked) if r.name in TENSORFLOW}
    assert len(pins) == 1


def test_what_is_installed_here_is_what_is_locked() -> None:
    here = {canonicalize_name(d.name): d.version for d in distributions()}
    lock = list(LOCKS)["tensorflow" in here and "nvidia-cudnn-cu12" in here]
    wanted = installed_on({}, [requirement for requirement, _ in locked(lock)])
    differs = {n: (v, here.get(n)) for n, v in wanted.items() if here.get(n) != v}
    assert not differs, "locked, installed: make installs anew once requirements.txt is newer"


def test_what_is_asked_for_with_an_extra_is_locked_with_it() -> None:
    """Else the pip of Python 3.11 and 3.12 takes the newest of it, for which there is no digest."""
    extras = {canonicalize_name(r.name): r.extras for r, _ in locked("requirements.txt")}
    asked = [
        (distribution.name, Requirement(line))
        for distribution in distributions()
        if canonicalize_name(distribution.name) in extras
        for line in distribution.requires or []
    ]
    lacking = {
        (name, str(wanted))
        for name, wanted in asked
        if (wanted.marker is None or wanted.marker.evaluate({"extra": ""}))
        and not wanted.extras <= extras.get(canonicalize_name(wanted.name), set())
    }
    assert any(wanted.extras for _, wanted in asked) and not lacking
