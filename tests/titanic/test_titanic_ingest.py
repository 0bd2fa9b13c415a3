"""ingest: the shipped list, a file, an address, and what each of them can get wrong."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from titanic import manifest
from titanic.settings import Settings
from titanic.stages import ingest

from .conftest import GOOD_ROW, HEADER, Outcome

Command = Callable[..., Outcome]
PassengerFile = Callable[..., Path]


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A web server on loopback that serves the test's folder."""
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_shipped_list_reaches_raw_byte_for_byte(settings: Settings) -> None:
    published = ingest.run(settings)
    content = (settings.layer("raw") / "titanic.csv").read_bytes()
    assert published.rows == 1309
    assert manifest.sha256(content).startswith("c617db2c")
    assert manifest.sha256(content).endswith("0735737")
    assert manifest.read(settings.layer("raw")) == published


def test_a_file_can_be_the_source(command: Command, passenger_file: PassengerFile) -> None:
    assert command("ingest", "--source", passenger_file(GOOD_ROW)).code == 0


def test_an_address_can_be_the_source_and_its_credentials_are_not_recorded(
    command: Command, settings: Settings, passenger_file: PassengerFile, address: str
) -> None:
    passenger_file(GOOD_ROW)
    assert command("ingest", "--source", f"{address}/passengers.csv?token=secret").code == 0
    assert list(manifest.read(settings.layer("raw")).inputs) == ["passengers.csv"]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("{folder}/absent.csv", "No se puede leer"),
        ("{folder}", "No se puede leer"),
        ("{address}/absent.csv", "responde 404"),
        ("http://127.0.0.1:9/passengers.csv", "No se puede llegar"),
        ("http://no such host/x.csv", "No se puede llegar"),
        ("ftp://127.0.0.1/passengers.csv", "el esquema ftp:// no está admitido"),
    ],
)
def test_a_source_that_cannot_be_had_is_named(
    command: Command, tmp_path: Path, settings: Settings, address: str, source: str, words: str
) -> None:
    outcome = command("ingest", "--source", source.format(folder=tmp_path, address=address))
    assert outcome.code == 2
    assert words in outcome.last_line
    assert not settings.layer("raw").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no es un CSV legible"),
        (b"<html><body>Hola</body></html>", "no tiene filas de datos"),
        (b"\x89PNG\r\n\x1a\n\x00\xff\xfe", "no es un CSV legible"),
        (b"a,b\n1,2\n3,4,5\n", "no es un CSV legible"),
        (b"a,b\n1,2,3\n", "no tiene filas de datos"),
        (HEADER.encode() + b"\n", "no tiene filas de datos"),
        (b"Pclass,Survived\n1,1\n", "faltan las columnas: pclass, name"),
    ],
)
def test_content_that_is_no_passenger_list_is_refused(
    command: Command, tmp_path: Path, settings: Settings, content: bytes, words: str
) -> None:
    path = tmp_path / "wrong.csv"
    path.write_bytes(content)
    outcome = command("ingest", "--source", path)
    assert outcome.code == 2
    assert words in outcome.last_line
    assert str(path) in outcome.last_line
    assert not settings.layer("raw").exists()


def test_a_refused_source_leaves_the_raw_layer_as_it_was(
    command: Command, settings: Settings, tmp_path: Path
) -> None:
    before = ingest.run(settings)
    assert command("ingest", "--source", tmp_path / "absent.csv").code == 2
    assert manifest.read(settings.layer("raw")) == before
