"""Credentials that are none, and networks that stand in between: one line says what to mend."""

import json
import os
import shutil
import socket
import ssl
import struct
import subprocess
import threading
from dataclasses import replace

from workbook import datasets
from workbook.datasets import network, sources
from workbook.datasets.catalogue import CATALOGUE

import pytest
import requests
from test_sources import (  # noqa: F401
    COMPETITION,
    DATASET,
    SECRET,
    host,
    kaggle,
    keras,
    send,
)

KEY = json.dumps({"username": "student", "key": SECRET})

FAULTS = {
    "empty": ("kaggle.json", b"", "an empty file"),
    "blank": ("kaggle.json", b" \n", "an empty file"),
    "not JSON": ("kaggle.json", b"username: student", "not JSON"),
    "cut": ("kaggle.json", KEY[:20].encode(), "not JSON"),
    "a list": ("kaggle.json", b"[1, 2]", "no username in it"),
    "a word": ("kaggle.json", b'"x"', "no username in it"),
    "no key": ("kaggle.json", b'{"username": "student"}', "no key in it"),
    "no username": ("kaggle.json", b'{"key": "x"}', "no username in it"),
    "an empty key": ("kaggle.json", b'{"username": "student", "key": ""}', "no key in it"),
    "null": ("kaggle.json", b'{"username": null, "key": "x"}', "no username in it"),
    "a web page": ("kaggle.json", b"<!DOCTYPE html><html></html>", "a web page"),
    "an empty token": ("access_token", b"\n", "an empty file"),
    "an empty token.txt": ("access_token.txt", b"", "an empty file"),
    "a page as token": ("access_token", b"<html>Sign in</html>", "a web page"),
    "a folder": ("kaggle.json/x", b"", "cannot be read"),
    "a folder as token": ("access_token/x", b"", "cannot be read"),
}


def place(course, name, data):
    path = course.home / ".kaggle" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


@pytest.mark.parametrize(("name", "data", "says"), FAULTS.values(), ids=FAULTS)
def test_credentials_that_are_none(name, data, says, course, kaggle, capsys):  # noqa: F811
    place(course, name, data)
    assert datasets.load("sign-language-mnist").source.startswith("downloaded from")
    told = capsys.readouterr().out.splitlines()
    file = name.partition("/")[0]
    assert len(told) == 1 and told[0].startswith(f"Not used: ~/.kaggle/{file}: {says}")
    assert "needs no account, and is asked for with none" in told[0]
    assert "Make a new API token" in told[0] or "Give yourself permission" in told[0]
    assert kaggle.credentials == [None, None]
    assert os.environ["HOME"] == str(course.home)

    assert datasets.load("digit-recognizer").practice
    printed = capsys.readouterr().out
    assert f"Not used: ~/.kaggle/{file}: {says}" in printed
    assert COMPETITION not in kaggle.asked and "Traceback" not in printed


SETTINGS = {
    "a blank token": ({"KAGGLE_API_TOKEN": "  "}, "KAGGLE_API_TOKEN: blank"),
    "no such folder": (
        {"KAGGLE_CONFIG_DIR": "/nowhere/at/all"},
        "KAGGLE_CONFIG_DIR: no folder /nowhere/at/all",
    ),
}


@pytest.mark.parametrize(("settings", "says"), SETTINGS.values(), ids=SETTINGS)
def test_settings_that_are_none(settings, says, kaggle, monkeypatch, capsys):  # noqa: F811
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert datasets.load("sign-language-mnist").verified
    assert f"Not used: {says}" in capsys.readouterr().out
    assert {name: os.environ[name] for name in settings} == settings


def test_a_token_file_that_a_setting_names_may_be_empty(course, kaggle, monkeypatch, capsys):  # noqa: F811
    place(course, "mine", b"")
    monkeypatch.setenv("KAGGLE_API_TOKEN", str(course.home / ".kaggle" / "mine"))
    assert datasets.load("sign-language-mnist").verified
    assert "Not used: ~/.kaggle/mine: an empty file" in capsys.readouterr().out


def test_a_sound_account_beside_a_faulty_file_is_used(course, kaggle, monkeypatch, capsys):  # noqa: F811
    place(course, "access_token", b"")
    place(course, "kaggle.json", KEY.encode())
    monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(course.home / ".kaggle"))
    assert datasets.load("digit-recognizer").source.startswith("downloaded from")
    assert kaggle.credentials[0] is not None
    assert capsys.readouterr().out == ""


def test_a_file_that_may_not_be_read(course, kaggle, monkeypatch, capsys):  # noqa: F811
    place(course, "kaggle.json", KEY.encode())
    read = type(course.home).read_bytes

    def refuse(path):
        if path.name == "kaggle.json":
            raise PermissionError(13, "Permission denied", str(path))
        return read(path)

    monkeypatch.setattr(type(course.home), "read_bytes", refuse)
    assert datasets.load("sign-language-mnist").verified
    assert "~/.kaggle/kaggle.json: cannot be read (Permission" in capsys.readouterr().out


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_key_is_read_in_any_encoding(encoding, course, kaggle):  # noqa: F811
    place(course, "kaggle.json", KEY.encode(encoding))
    assert datasets.load("digit-recognizer").source.startswith("downloaded from")


def test_a_public_dataset_is_asked_for_without_the_account_that_is_there(course, kaggle, capsys):  # noqa: F811
    place(course, "kaggle.json", KEY.encode())
    assert datasets.load("sign-language-mnist").verified
    assert kaggle.credentials == [None, None]
    assert capsys.readouterr().out == ""


@pytest.fixture
def certificate(tmp_path):
    """Make a certificate for 127.0.0.1 that nobody has signed."""
    if not (openssl := shutil.which("openssl")):
        pytest.skip("openssl is not installed")
    files = ["-keyout", "key.pem", "-out", "cert.pem"]
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *files, *names],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    return tmp_path / "cert.pem"


@pytest.fixture
def encrypted(keras, certificate, monkeypatch):  # noqa: F811
    """Let the host speak TLS under that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    keras.socket = context.wrap_socket(keras.socket, server_side=True)
    keras.handle_error = lambda *_: None
    spec = CATALOGUE["mnist"]
    url = keras.url.replace("http:", "https:") + "mnist.npz"
    monkeypatch.setitem(CATALOGUE, "mnist", replace(spec, downloads=(url,)))
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    return keras


def test_a_certificate_that_is_not_trusted(encrypted, certificate, monkeypatch, capsys):
    assert datasets.load("mnist").practice
    why = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("Why"))
    for part in ("could not be reached", "certificate is not trusted", "self-signed"):
        assert part in why.replace("self signed", "self-signed")
    assert "set REQUESTS_CA_BUNDLE to it" in why and "SSL_CERT_FILE" in why
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    assert datasets.load("mnist").source.startswith("downloaded from")


def test_a_certificate_for_another_name(encrypted, certificate, monkeypatch, capsys):
    spec = CATALOGUE["mnist"]
    urls = (spec.downloads[0].replace("127.0.0.1", "localhost"),)
    monkeypatch.setitem(CATALOGUE, "mnist", replace(spec, downloads=urls))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    assert datasets.load("mnist").practice
    assert "certificate is not trusted" in capsys.readouterr().out


def test_a_certificate_file_that_is_not_there(encrypted, monkeypatch, capsys):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/school.pem")
    assert datasets.load("mnist").practice
    assert "REQUESTS_CA_BUNDLE names no certificate file" in capsys.readouterr().out


def test_kaggles_certificate_is_not_trusted(encrypted, kaggle, monkeypatch, capsys):  # noqa: F811
    url = encrypted.url.replace("http:", "https:")
    spec = CATALOGUE["sign-language-mnist"]
    monkeypatch.setitem(CATALOGUE, spec.name, replace(spec, kaggle_host=url))
    assert datasets.load(spec.name).practice
    assert "certificate is not trusted" in capsys.readouterr().out
    monkeypatch.setattr(sources, "reachable", lambda url: None)  # let the download meet it
    assert datasets.load(spec.name).practice
    printed = capsys.readouterr().out
    assert "broke off (its certificate is not trusted" in printed
    assert "REQUESTS_CA_BUNDLE" in printed


def test_a_host_that_does_not_speak_tls(keras, monkeypatch, capsys):  # noqa: F811
    spec = CATALOGUE["mnist"]
    urls = (spec.downloads[0].replace("http:", "https:"),)
    monkeypatch.setitem(CATALOGUE, "mnist", replace(spec, downloads=urls))
    assert datasets.load("mnist").practice
    assert "no encrypted connection to it; this network may want a" in capsys.readouterr().out


def reset(handler):
    linger = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.connection.close()
    handler.rfile.close()
    handler.wfile.close = lambda: None
    handler.wfile.flush = lambda: None
    handler.close_connection = True


@pytest.mark.parametrize("when", ["HEAD", "/mnist.npz"])
def test_a_host_that_cuts_the_connection(when, keras, capsys):  # noqa: F811
    keras.routes[when] = reset
    keras.handle_error = lambda *_: None
    assert datasets.load("mnist").practice
    assert "the connection was cut; this network may not allow it" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("status", "says"),
    [(407, "the proxy of this network wants a sign-in"), (511, "this network wants a sign-in")],
)
def test_a_network_that_wants_a_sign_in(status, says, keras, capsys):  # noqa: F811
    keras.routes["/mnist.npz"] = status
    assert datasets.load("mnist").practice
    assert f"answered {status} for" in (printed := capsys.readouterr().out)
    assert says in printed


def test_a_proxy_that_wants_a_sign_in(keras, monkeypatch, capsys):  # noqa: F811
    handler = keras.RequestHandlerClass
    monkeypatch.setattr(handler, "do_CONNECT", lambda h: send(h, 407, b""), raising=False)
    monkeypatch.setenv("HTTPS_PROXY", keras.url)
    monkeypatch.delenv("NO_PROXY")
    spec = CATALOGUE["mnist"]
    urls = ("https://example.invalid/mnist.npz",)
    monkeypatch.setitem(CATALOGUE, "mnist", replace(spec, downloads=urls))
    assert datasets.load("mnist").practice
    printed = capsys.readouterr().out
    assert "example.invalid: could not be reached (the proxy of this network wants" in printed
    assert "HTTPS_PROXY" in printed


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:9", "nonsense://x", "http://:::"])
def test_a_proxy_that_is_none(proxy, course, monkeypatch, capsys):
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    monkeypatch.delenv("NO_PROXY")
    urls = ("https://example.invalid/mnist.npz",)
    monkeypatch.setitem(CATALOGUE, "mnist", replace(CATALOGUE["mnist"], downloads=urls))
    assert datasets.load("mnist").practice
    assert "the proxy that HTTPS_PROXY or HTTP_PROXY names" in capsys.readouterr().out


def test_a_name_that_cannot_be_looked_up(course, monkeypatch, capsys):
    def unknown(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    urls = ("https://example.invalid/mnist.npz",)
    monkeypatch.setitem(CATALOGUE, "mnist", replace(CATALOGUE["mnist"], downloads=urls))
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert datasets.load("mnist").practice
    printed = capsys.readouterr().out
    assert "example.invalid: could not be reached (its name cannot be looked up" in printed


def test_a_page_instead_of_kaggles_answer(kaggle, capsys):  # noqa: F811
    kaggle.routes[DATASET] = b"<html>Sign in to this network</html>"
    assert datasets.load("sign-language-mnist").practice
    assert "sent something else" in capsys.readouterr().out


def test_the_environment_is_read_where_a_host_is_asked_for(host, monkeypatch):  # noqa: F811
    """Aside, it could change under the reader's hands: `os.environ` then raises KeyError."""
    read, readers = requests.sessions.get_environ_proxies, []

    def proxies(url, **options):
        readers.append(threading.current_thread())
        return read(url, **options)

    monkeypatch.setattr(requests.sessions, "get_environ_proxies", proxies)
    network.reachable(host.url)
    assert set(readers) == {threading.current_thread()}
