"""Downloads from a real HTTP server on loopback, which can do all that hosts do to a student.

Kaggle's side speaks the protocol of Kaggle's own client, which is pointed at it.
"""

import base64
import gzip
import hashlib
import io
import json
import os
import random
import re
import threading
import time
import zipfile
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from workbook import datasets, paths
from workbook.datasets import kaggle as client
from workbook.datasets import network
from workbook.datasets.catalogue import CATALOGUE, PHOTOGRAPHS
from workbook.errors import DataError

import numpy as np
import pytest
from PIL import Image

SECRET = "0123456789abcdef-secret"


class Host(ThreadingHTTPServer):
    """A server whose ``routes`` map a path to bytes, a status, or a function of the handler."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.routes = {}
        self.asked = []
        self.credentials = []
        self.closing = threading.Event()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/"


class Handler(BaseHTTPRequestHandler):
    def do_HEAD(self):
        self.server.routes.get("HEAD", lambda handler: send(handler, 200, b""))(self)

    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append(self.path)
        self.server.credentials.append(self.headers.get("Authorization"))
        answer = self.server.routes.get(self.path, 404)
        if callable(answer):
            answer(self)
        elif isinstance(answer, int):
            send(self, answer, b"no")
        else:
            send(self, 200, answer)

    def do_POST(self):
        self.do_GET()

    def log_message(self, *_):
        pass


def send(handler, status, body, length=None, **headers):
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


@pytest.fixture
def host(monkeypatch):
    monkeypatch.setattr(network, "PROBE_SECONDS", 10)  # a busy machine is not an absent host
    server = Host()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.closing.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def keras(course, host, monkeypatch):
    """Let the catalogue's downloads come from the server, which has MNIST's file."""
    for name in ("mnist", "fashion-mnist"):
        spec = CATALOGUE[name]
        urls = tuple(host.url + url.rpartition("/")[2] for url in spec.downloads)
        monkeypatch.setitem(CATALOGUE, name, replace(spec, downloads=urls))
    host.routes["/mnist.npz"] = course.npz("mnist", course.home / "mnist.npz").read_bytes()
    return host


def cut_short(body):
    def answer(handler):
        send(handler, 200, body[: len(body) // 2], length=len(body))
        handler.close_connection = True

    return answer


def stalled(body):
    def answer(handler):
        send(handler, 200, body[: len(body) // 2], length=len(body))
        handler.wfile.flush()
        handler.server.closing.wait(10)

    return answer


def silent(body):
    return lambda handler: handler.server.closing.wait(10)


def slow(body):
    def answer(handler):
        send(handler, 200, b"", length=len(body))
        for start in range(0, len(body), len(body) // 8):
            handler.wfile.write(body[start : start + len(body) // 8])
            handler.wfile.flush()
            time.sleep(0.05)

    return answer


def redirect(path):
    return lambda handler: send(handler, 302, b"", Location=path)


def test_mnist_is_downloaded_once(course, keras):
    dataset = datasets.load("mnist")
    assert dataset.verified
    assert dataset.source == f"downloaded from 127.0.0.1:{keras.server_port}"
    np.testing.assert_array_equal(dataset.load_data()[1][0], course.arrays["mnist"]["X_test"])
    assert datasets.load("mnist").verified
    assert keras.asked == ["/mnist.npz"]
    assert not (paths.CACHE / "mnist" / "download").exists()


def test_fashion_mnist_is_four_files(course, keras):
    course.idx("fashion-mnist", course.home / "files")
    for path in (course.home / "files").iterdir():
        keras.routes[f"/{path.name}"] = path.read_bytes()
    assert datasets.load("fashion-mnist").verified
    assert len(keras.asked) == 4


def test_digit_recognizer_is_cut_from_downloaded_mnist(course, keras):
    assert datasets.load("digit-recognizer").source.startswith("cut from MNIST (downloaded from")


@pytest.mark.parametrize("how", ["redirect", "slow"])
def test_download_that_takes_its_time(how, keras):
    body = keras.routes["/mnist.npz"]
    keras.routes["/elsewhere"] = body
    keras.routes["/mnist.npz"] = redirect("/elsewhere") if how == "redirect" else slow(body)
    assert datasets.load("mnist").verified


def test_a_download_may_be_packed_on_its_way(keras):
    packed = gzip.compress(keras.routes["/mnist.npz"])
    keras.routes["/mnist.npz"] = lambda handler: send(handler, 200, packed, Content_Encoding="gzip")
    assert datasets.load("mnist").source.startswith("downloaded from")


FAULTS = {
    "401": (lambda body: 401, "answered 401"),
    "403": (lambda body: 403, "answered 403"),
    "404": (lambda body: 404, "answered 404"),
    "429": (lambda body: 429, "asks for fewer requests"),
    "500": (lambda body: 500, "answered 500"),
    "cut short": (cut_short, "the download of"),
    "stalled": (stalled, "broke off"),
    "web page": (lambda body: b"<html>Sign in to the airport's network</html>", "a web page"),
    "empty": (lambda body: b"", "an empty file"),
    "changed": (lambda body: body[:3000] + b"x" + body[3001:], "cut or damaged"),
}


@pytest.mark.parametrize(("fault", "says"), FAULTS.values(), ids=FAULTS)
def test_failed_download(fault, says, keras, monkeypatch, capsys):
    if fault is stalled:
        monkeypatch.setattr(network, "SILENCE_SECONDS", 0.3)
    keras.routes["/mnist.npz"] = fault(keras.routes["/mnist.npz"])
    assert datasets.load("mnist").practice
    printed = capsys.readouterr().out
    assert f"127.0.0.1:{keras.server_port}: " in printed
    assert says in printed
    assert not (paths.CACHE / "mnist" / "download").exists()
    assert not (paths.CACHE / "mnist" / "keras.json").exists()
    monkeypatch.setenv("WORKBOOK_DATA", "real")
    with pytest.raises(datasets.DataError, match=says):
        datasets.load("mnist")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork and no SIGKILL")
def test_killed_at_any_moment_of_a_download_the_next_run_is_right(course, keras, killed):
    keras.routes["/mnist.npz"] = slow(keras.routes["/mnist.npz"])
    moments = random.Random(4)
    died, verified, total = killed("mnist", [moments.uniform(0, 0.6) for _ in range(12)])
    assert died >= 4
    assert verified
    assert total == course.arrays["mnist"]["X_train"].sum()
    assert not (paths.CACHE / "mnist" / "download").exists()
    assert not list(paths.CACHE.rglob(".*"))


def test_download_of_other_images_is_refused(course, keras, capsys):
    course.arrays["mnist"]["X_train"][0, 0, 0] ^= 1
    keras.routes["/mnist.npz"] = course.npz("mnist", course.home / "other.npz").read_bytes()
    assert datasets.load("mnist").practice
    assert "images that are not the published ones" in capsys.readouterr().out


def test_host_that_accepts_and_says_nothing_is_not_waited_for(keras, monkeypatch, capsys):
    monkeypatch.setattr(network, "PROBE_SECONDS", 0.2)
    keras.routes["HEAD"] = silent(b"")
    assert datasets.load("mnist").practice
    assert "could not be reached" in capsys.readouterr().out
    assert keras.asked == []


def test_full_disk_while_downloading(keras, full_disk, capsys):
    with full_disk():
        dataset = datasets.load("mnist")
    assert dataset.practice
    assert "cannot be written (File too large)" in capsys.readouterr().out
    assert not (paths.CACHE / "mnist" / "download").exists()


def test_keras_own_cache_is_used(course, keras):
    course.npz("mnist", course.home / ".keras" / "datasets" / "mnist.npz")
    course.idx("fashion-mnist", course.home / ".keras" / "datasets" / "fashion-mnist")
    assert datasets.load("mnist").source == "from ~/.keras/datasets/mnist.npz"
    assert datasets.load("fashion-mnist").verified
    assert keras.asked == []


@pytest.mark.parametrize("damage", ["cut", "other"])
def test_bad_file_in_keras_own_cache_is_passed_over(damage, course, keras):
    path = course.home / ".keras" / "datasets" / "mnist.npz"
    course.arrays["mnist"]["X_train"][0, 0, 0] ^= 1
    course.npz("mnist", path)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-5000])
    before = path.read_bytes()
    dataset = datasets.load("mnist")
    assert dataset.source.startswith("downloaded from")
    assert dataset.verified
    assert path.read_bytes() == before


@pytest.fixture
def kaggle(course, host, monkeypatch):
    """Let the server be Kaggle, which has both archives."""
    for name in ("digit-recognizer", "sign-language-mnist"):
        monkeypatch.setitem(CATALOGUE, name, replace(CATALOGUE[name], kaggle_host=host.url))
        host.routes[f"/{name}.zip"] = course.zip(name, course.home / f"{name}.zip").read_bytes()
    host.routes[DATASET] = redirect("/sign-language-mnist.zip")
    host.routes[COMPETITION] = redirect("/digit-recognizer.zip")
    return host


DATASET = "/v1/datasets.DatasetApiService/DownloadDataset"
SIGNS = "/sign-language-mnist.zip"
COMPETITION = "/v1/competitions.CompetitionApiService/DownloadDataFiles"


@pytest.fixture
def account(monkeypatch):
    monkeypatch.setenv("KAGGLE_USERNAME", "student")
    monkeypatch.setenv("KAGGLE_KEY", SECRET)


def test_public_dataset_needs_no_account(kaggle):
    dataset = datasets.load("sign-language-mnist")
    assert dataset.verified
    assert kaggle.asked == [DATASET, "/sign-language-mnist.zip"]
    assert kaggle.credentials == [None, None]
    assert datasets.load("sign-language-mnist").verified
    assert len(kaggle.asked) == 2
    assert not (paths.CACHE / "sign-language-mnist" / "download").exists()


def test_competition_with_an_account(kaggle, account):
    dataset = datasets.load("digit-recognizer")
    assert dataset.source == f"downloaded from 127.0.0.1:{kaggle.server_port}"
    assert dataset.verified
    assert kaggle.asked == [COMPETITION, "/digit-recognizer.zip"]
    assert kaggle.credentials[0] is not None


def test_competition_with_no_account_is_not_asked_for(kaggle, capsys):
    assert datasets.load("digit-recognizer").practice
    assert "Kaggle: needs an account for this competition" in capsys.readouterr().out
    assert kaggle.asked == []


BASIC = "Basic " + base64.b64encode(f"student:{SECRET}".encode()).decode()


@pytest.mark.parametrize("where", ["file", "token", "token file", "folder of its own"])
def test_credentials_are_found(where, course, tmp_path, monkeypatch):
    assert client.account() == ""
    monkeypatch.setenv("KAGGLE_USERNAME", "student")
    assert client.account() == ""
    folder = course.home / ".kaggle"
    if where == "folder of its own":
        folder = tmp_path / "mine"
        monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(folder))
    folder.mkdir()
    if where == "token":
        monkeypatch.setenv("KAGGLE_API_TOKEN", SECRET)
    elif where == "token file":
        (folder / "access_token").write_text(f"{SECRET}\n")
    else:
        (folder / "kaggle.json").write_text(json.dumps({"username": "student", "key": SECRET}))
    assert client.account() == (f"Bearer {SECRET}" if "token" in where else BASIC)


@pytest.mark.parametrize("name", ["digit-recognizer", "sign-language-mnist"])
def test_what_is_asked_is_what_kaggles_own_client_asks(name, course, account, monkeypatch):
    """Its client is the oracle: the address, the body and the account."""
    from kagglesdk.competitions.types import competition_api_service
    from kagglesdk.datasets.types import dataset_api_service
    from kagglesdk.kaggle_http_client import KaggleHttpClient

    monkeypatch.setitem(
        CATALOGUE, name, replace(CATALOGUE[name], kaggle_host="https://api.kaggle.com")
    )
    sent = KaggleHttpClient(username="student", password=SECRET)
    sent._init_session()
    if name == "digit-recognizer":
        wanted = competition_api_service.ApiDownloadDataFilesRequest()
        wanted.competition_name = name
        service = "competitions.CompetitionApiService", "DownloadDataFiles"
    else:
        wanted = dataset_api_service.ApiDownloadDatasetRequest()
        wanted.owner_slug, wanted.dataset_slug = "datamunge", name
        wanted.dataset_version_number = 1
        service = "datasets.DatasetApiService", "DownloadDataset"
    oracle = sent._prepare_request(*service, wanted)
    ours = client.request(CATALOGUE[name])
    assert ours["url"] == oracle.url
    assert ours["json"] == json.loads(oracle.body)
    expected = {"Authorization": oracle.headers["Authorization"]}
    assert ours["headers"] == (expected if name == "digit-recognizer" else {})


KAGGLE_FAULTS = {
    "401": (COMPETITION, lambda body: 401, "make a new api token"),
    "403": (
        COMPETITION,
        lambda body: 403,
        "accept them at https://www.kaggle.com/competitions/digit-recognizer/rules",
    ),
    "404": (COMPETITION, lambda body: 404, "answered 404"),
    "429": (COMPETITION, lambda body: 429, "wait some minutes"),
    "500": (COMPETITION, lambda body: 500, "answered 500"),
    "silent": (COMPETITION, silent, "no answer in time"),
    "cut short": ("/digit-recognizer.zip", cut_short, "broke off"),
    "stalled": ("/digit-recognizer.zip", stalled, "no answer in time"),
    "web page": ("/digit-recognizer.zip", lambda body: b"<html>", "a web page"),
    "cut zip": ("/digit-recognizer.zip", lambda body: body[:-5000], "a cut or damaged zip"),
    "dataset 401": (DATASET, lambda body: 401, "make a new api token"),
    "dataset 403": (DATASET, lambda body: 403, "answered 403"),
    "dataset 404": (DATASET, lambda body: 404, "it has no such file"),
    "dataset 429": (DATASET, lambda body: 429, "wait some minutes"),
    "dataset 500": (DATASET, lambda body: 500, "answered 500"),
    "dataset cut short": (SIGNS, cut_short, "broke off"),
    "dataset stalled": (SIGNS, stalled, "no answer in time"),
    "dataset cut zip": (SIGNS, lambda body: body[:-5000], "a cut or damaged zip"),
}


@pytest.mark.parametrize(("path", "fault", "says"), KAGGLE_FAULTS.values(), ids=KAGGLE_FAULTS)
def test_failed_kaggle_download(path, fault, says, kaggle, account, monkeypatch, capsys):
    if fault in (silent, stalled):
        monkeypatch.setattr(network, "SILENCE_SECONDS", 0.5)
    name = "sign-language-mnist" if path in (DATASET, SIGNS) else "digit-recognizer"
    kaggle.routes[path] = fault(kaggle.routes[f"/{name}.zip"])
    assert datasets.load(name).practice
    printed, progress = capsys.readouterr()
    assert re.search(rf"Not used: (Kaggle|127.0.0.1:{kaggle.server_port}): ", printed)
    assert says in printed.lower() or says in printed
    assert "Traceback" not in printed + progress
    assert SECRET not in printed + progress
    assert base64.b64encode(f"student:{SECRET}".encode()).decode() not in printed + progress
    assert not (paths.CACHE / name / "download").exists()


@pytest.mark.parametrize("name", ["digit-recognizer", "sign-language-mnist"])
def test_slow_kaggle_download_arrives(name, kaggle, account):
    kaggle.routes[f"/{name}.zip"] = slow(kaggle.routes[f"/{name}.zip"])
    assert datasets.load(name).verified


@pytest.mark.parametrize("name", ["digit-recognizer", "sign-language-mnist"])
def test_no_way_to_kaggle(name, course, account, capsys):
    assert datasets.load(name).practice
    assert "could not be reached" in capsys.readouterr().out


@pytest.fixture
def photographs(kaggle, monkeypatch):
    """Let Kaggle have 40 photographs of two letters, and return the server."""
    spec = PHOTOGRAPHS["asl-alphabet"]
    monkeypatch.setitem(PHOTOGRAPHS, spec.name, replace(spec, kaggle_host=kaggle.url))
    monkeypatch.setenv("WORKBOOK_DATA", "real")
    kaggle.routes[DATASET] = redirect("/asl-alphabet.zip")
    kaggle.routes["/asl-alphabet.zip"] = zip_of_photographs("asl_alphabet_train/" * 2)
    return kaggle


def zip_of_photographs(folder):
    buffer, jpeg = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (200, 200), "brown").save(jpeg, "jpeg")
    with zipfile.ZipFile(buffer, "w") as archive:
        for letter in "AB":
            for number in range(1, 21):
                archive.writestr(f"{folder}{letter}/{letter}{number}.jpg", jpeg.getvalue())
    return buffer.getvalue()


def test_photographs_are_downloaded_once(photographs):
    for _ in range(2):
        (X_train, _), (X_test, _) = datasets.load("asl-alphabet").load_data()
        assert len(X_train) + len(X_test) == 40
        assert photographs.asked == [DATASET, "/asl-alphabet.zip"]


@pytest.mark.parametrize(
    ("fault", "says"),
    {
        "404": (404, "it has no such file"),
        "cut": (zip_of_photographs("asl_alphabet_train/")[:-5000], "a cut or damaged zip"),
        "other": (zip_of_photographs("other/letter-"), "0 usable photographs"),
    }.values(),
)
def test_failed_download_of_photographs_leaves_nothing(fault, says, photographs):
    photographs.routes["/asl-alphabet.zip"] = fault
    with pytest.raises(DataError, match=says):
        datasets.load("asl-alphabet")
    assert not list(paths.CACHE.rglob("*.zip"))


def test_digit_recognizer_is_not_cut_from_what_is_not_mnist(course):
    course.arrays["mnist"]["X_train"][0, 0, 0] ^= 1
    course.npz("mnist", course.data / "mnist.npz")
    assert datasets.load("digit-recognizer").practice


def test_the_cut_is_in_random_order_and_always_the_same(course):
    course.npz("mnist", course.data / "mnist.npz")
    (X_train, y_train), (X_test, _) = datasets.load("digit-recognizer").load_data()
    mnist = course.arrays["mnist"]
    place = {image.tobytes(): i for i, image in enumerate((*mnist["X_train"], *mnist["X_test"]))}
    assert y_train.tolist() != sorted(y_train)
    order = [place[image.tobytes()] for image in X_test]
    assert order != sorted(order)
    assert hashlib.sha256(X_train).hexdigest()[:8] == "dc5e0a89"


def test_downloaded_data_stays_when_the_account_goes(kaggle, account, monkeypatch):
    assert datasets.load("digit-recognizer").verified
    monkeypatch.delenv("KAGGLE_USERNAME")
    monkeypatch.delenv("KAGGLE_KEY")
    assert datasets.load("digit-recognizer").source.startswith("downloaded from")


def test_placed_files_come_before_those_of_keras(course):
    for folder in (course.data, course.home / ".keras" / "datasets"):
        course.npz("mnist", folder / "mnist.npz")
    assert datasets.load("mnist").source == "from data/mnist.npz"


def test_keras_home_is_where_keras_looks(course, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "k"))
    course.npz("mnist", tmp_path / "k" / "datasets" / "mnist.npz")
    assert datasets.load("mnist").verified


def test_a_refused_dataset_is_not_told_to_be_a_competition(kaggle, capsys):
    kaggle.routes[DATASET] = 403
    assert datasets.load("sign-language-mnist").practice
    assert "rules of this competition" not in capsys.readouterr().out
