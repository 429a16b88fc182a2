"""The catalogue in small: the same containers and checks, a few dozen images, no network."""

import gzip
import json
import struct
import subprocess
import sys
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import workbook
from workbook import notice, paths
from workbook import practice as drawings
from workbook.datasets.catalogue import CATALOGUE
from workbook.datasets.decode import images_sha256, sha256

import numpy as np
import pandas as pd
import pytest

NOWHERE = "http://127.0.0.1:9/"  # the discard port: nothing listens there


@dataclass
class Course:
    """A checkout of its own: ``data`` for placed files, ``arrays`` by dataset."""

    data: Path
    home: Path
    arrays: dict[str, dict[str, np.ndarray]]

    def npz(self, name, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            np.savez_compressed(file, **{k.lower(): v for k, v in self.arrays[name].items()})
        return path

    def idx(self, name, folder, suffix=".gz", dots=False):
        folder.mkdir(parents=True, exist_ok=True)
        for subset, prefix in (("train", "train"), ("test", "t10k")):
            for kind, letter, d in (("images", "X", 3), ("labels", "y", 1)):
                stem = f"{prefix}-{kind}{'.' if dots else '-'}idx{d}-ubyte"
                data = self.idx_bytes(self.arrays[name][f"{letter}_{subset}"])
                path = folder / (stem + suffix)
                path.write_bytes(gzip.compress(data) if suffix == ".gz" else data)

    @staticmethod
    def idx_bytes(array):
        head = struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
        return head + array.tobytes()

    def frames(self, name):
        spec = CATALOGUE[name]
        frames = {}
        for file, part in spec.csv_parts.items():
            pixels = self.arrays[name][part.arrays[0]].reshape(-1, 784)
            frame = pd.DataFrame(pixels, columns=part.columns[-784:])
            if len(part.arrays) == 2:
                frame.insert(0, "label", self.arrays[name][part.arrays[1]])
            frames[file] = frame
        return frames

    def csv(self, name, folder, **options):
        folder.mkdir(parents=True, exist_ok=True)
        for file, frame in self.frames(name).items():
            frame.to_csv(folder / file, index=False, lineterminator="\n", **options)

    def zip(self, name, path, inside=""):
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file, frame in self.frames(name).items():
                archive.writestr(inside + file, frame.to_csv(index=False))
        return path


def small_arrays(rng, spec, n_train, n_test):
    images = rng.integers(0, 256, (n_train + n_test, 28, 28), np.uint8)
    labels = rng.permutation(np.resize(np.array(spec.label_values, np.uint8), n_train + n_test))
    return {
        "X_train": images[:n_train],
        "y_train": labels[:n_train],
        "X_test": images[n_train:],
        "y_test": labels[n_train:],
    }


def small_catalogue(rng):
    """Return arrays for every dataset; one that is cut from another is cut in small too."""
    arrays = {
        name: small_arrays(rng, spec, 60, 20)
        for name, spec in CATALOGUE.items()
        if not spec.cut_from
    }
    for name, spec in CATALOGUE.items():
        if spec.cut_from:
            whole = arrays[spec.cut_from]
            X = np.concatenate([whole["X_train"], whole["X_test"]])
            y = np.concatenate([whole["y_train"], whole["y_test"]])
            arrays[name] = {
                "X_train": X[:50],
                "y_train": y[:50],
                "X_test": X[50:],
                "y_test": y[50:],
            }
    for name, spec in CATALOGUE.items():
        if not spec.test_labels:
            del arrays[name]["y_test"]
    return arrays


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Make an empty checkout and home, and small datasets whose digests the catalogue knows."""
    root, home = tmp_path / "checkout", tmp_path / "home"
    (root / "data").mkdir(parents=True)
    home.mkdir()
    monkeypatch.setattr(paths, "ROOT", root)
    monkeypatch.setattr(paths, "DATA", root / "data")
    monkeypatch.setattr(paths, "CACHE", root / "data" / "cache")
    for name in ("WORKBOOK_DATA", "WORKBOOK_DATA_DIR", "KERAS_HOME", "KAGGLE_CONFIG_DIR"):
        monkeypatch.delenv(name, raising=False)
    for name in ("KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setattr(notice, "PRACTICE", {})

    arrays = small_catalogue(np.random.default_rng(7))
    for name, spec in list(CATALOGUE.items()):
        own = arrays[name]
        small = replace(
            spec,
            n_train=len(own["X_train"]),
            n_test=len(own["X_test"]),
            downloads=tuple(NOWHERE + url.rpartition("/")[2] for url in spec.downloads),
            kaggle_host=NOWHERE,
            sha256={key: sha256(a) for key, a in own.items()} if spec.sha256 else {},
            images_sha256=(
                images_sha256(own["X_train"], own["X_test"]) if spec.images_sha256 else ""
            ),
            train_class_counts=(
                tuple(np.bincount(own["y_train"], minlength=len(spec.class_names)))
                if spec.train_class_counts
                else ()
            ),
        )
        monkeypatch.setitem(CATALOGUE, name, small)

    def draw(name):
        drawn = small_arrays(
            np.random.default_rng(1),
            CATALOGUE[name],
            CATALOGUE[name].n_train,
            CATALOGUE[name].n_test,
        )
        return drawn | ({} if CATALOGUE[name].test_labels else {"y_test": None})

    practice = SimpleNamespace(draw=draw, NAMES=drawings.NAMES, VERSION=1)
    monkeypatch.setattr(workbook, "practice", practice, raising=False)
    return Course(root / "data", home, arrays)


@pytest.fixture
def refuse(monkeypatch):
    """Return a function by which the system refuses to look at some paths.

    The refusal is imitated, since root, who may run the tests, is refused nothing.
    """

    def refuse(owner, function, refused):
        look = getattr(owner, function)

        def refusing(path, *rest):
            if refused(Path(path)):
                raise PermissionError(13, "Permission denied", str(path))
            return look(path, *rest)

        monkeypatch.setattr(owner, function, refusing)

    return refuse


@pytest.fixture
def homeless(course, monkeypatch):
    """Let there be no home folder, as for a container's user whom its system does not know."""
    pwd = pytest.importorskip("pwd")

    def unknown(number):
        raise KeyError(number)

    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    with pytest.raises(RuntimeError):
        Path.home()


@pytest.fixture
def full_disk():
    """Return a context in which the system refuses to write more than 4 KB, as a full disk does.

    It has to be short: pytest's own output may go to a file, which then cannot grow either.
    """
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    @contextmanager
    def refusing():
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return refusing


# Loads again and again in processes that are killed at given moments, then once to the end.
KILLED = """
import json, os, random, signal, sys, time
from dataclasses import replace
from pathlib import Path
from workbook import datasets, paths
from workbook.datasets import network
from workbook.datasets.catalogue import CATALOGUE
import filelock, pandas, requests, tqdm
root, name, specs, moments = Path(sys.argv[1]), sys.argv[2], *map(json.loads, sys.argv[3:])
paths.ROOT, paths.DATA, paths.CACHE = root, root / "data", root / "data" / "cache"
network.PROBE_SECONDS = 10
for key, fields in specs.items():
    fields = {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}
    CATALOGUE[key] = replace(CATALOGUE[key], **fields)
def load():
    dataset = datasets.load(name)
    if CATALOGUE[name].csv_parts:
        dataset.csv("train.csv")
    return dataset
chance, killed = random.Random(3), 0
for moment in moments:
    child = os.fork()
    if child == 0:
        load()
        os._exit(0)
    time.sleep(moment)
    os.kill(child, signal.SIGKILL)
    killed += os.WIFSIGNALED(os.waitpid(child, 0)[1])
    for record in paths.CACHE.rglob("*.json"):
        if chance.random() < 0.7:
            record.unlink()  # so that the next one has work to do
dataset = load()
print(json.dumps([killed, dataset.verified, int(dataset.load_data()[0][0].sum())]))
"""


@pytest.fixture
def killed(course):
    """Return a function that loads ``name``, killed at each of ``moments``, and then once more.

    It returns how many were killed before they had finished, and what the last one loaded:
    whether it was verified, and the sum of its training pixels.
    """

    def run(name, moments):
        kept = [
            "n_train",
            "n_test",
            "images_sha256",
            "train_class_counts",
            "sha256",
            "downloads",
            "kaggle_host",
        ]
        specs = {
            key: {field: getattr(spec, field) for field in kept} for key, spec in CATALOGUE.items()
        }
        arguments = [paths.ROOT, name, json.dumps(specs, default=int), json.dumps(moments)]
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", KILLED, *map(str, arguments)],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=300,
        )
        return json.loads(done.stdout.splitlines()[-1])

    return run
