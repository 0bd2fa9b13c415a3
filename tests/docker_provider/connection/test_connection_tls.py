"""A remote engine is reached with client certificates; what TLS refuses is told exactly."""

import datetime
import http.server
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from docker_provider.connection import ProviderConfig, connect
from docker_provider.endpoint import resolve_endpoint

pytestmark = pytest.mark.engine

DAY = datetime.timedelta(days=1)


Failure = Callable[[ProviderConfig], tuple[str, str]]


def test_a_context_of_the_docker_command_line_names_the_engine(
    tls_engine: Callable[..., str],
    authority: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "configuration"))
    folder = authority.issue(tmp_path / "client", "student")
    pem = ",".join(f"{part}={folder / part}.pem" for part in ("ca", "cert", "key"))
    subprocess.run(
        ["docker", "context", "create", "far", "--docker", f"host={tls_engine()},{pem}"],
        check=True,
        capture_output=True,
    )
    with closing(connect(ProviderConfig(context="far"))) as client:
        assert client.ping()
    subprocess.run(["docker", "context", "use", "far"], check=True, capture_output=True)
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    assert '"far"' in str(resolve_endpoint(ProviderConfig()))


def test_a_client_certificate_opens_a_remote_engine_by_folder_or_by_material(
    tls_engine: Callable[..., str],
    authority: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    host, folder = tls_engine(), authority.issue(tmp_path / "client", "student")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    material = {
        f"{part}_material": (folder / f"{part}.pem").read_text() for part in ("ca", "cert", "key")
    }
    for config in (
        ProviderConfig(host=host, cert_path=str(folder)),
        ProviderConfig(host=host, **material),
    ):
        with closing(connect(config)) as client:
            assert client.info()["ServerVersion"]
        assert not list(temporary.iterdir()), "no key stays on disk"


def test_a_proxy_for_the_web_is_not_asked_for_the_engine(
    tls_engine: Callable[..., str],
    authority: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    folder = authority.issue(tmp_path / "client", "student")
    with closing(connect(ProviderConfig(host=tls_engine(), cert_path=str(folder)))) as client:
        assert client.ping()


def test_a_client_certificate_of_another_authority_is_refused_by_the_engine(
    failure: Failure, stranger: Any, tls_engine: Callable[..., str], authority: Any, tmp_path: Path
) -> None:
    folder = stranger.issue(tmp_path / "client", "stranger")
    (folder / "ca.pem").write_text(authority.pem)
    summary, detail = failure(ProviderConfig(host=tls_engine(), cert_path=str(folder)))
    assert "the engine refused the client certificate" in summary
    assert str(folder) in detail


def test_an_expired_client_certificate_is_told_with_its_date(
    failure: Failure, tls_engine: Callable[..., str], authority: Any, tmp_path: Path
) -> None:
    folder = authority.issue(tmp_path / "client", "student", valid_days=-1)
    summary, detail = failure(ProviderConfig(host=tls_engine(), cert_path=str(folder)))
    assert "the client certificate has expired" in summary
    yesterday = datetime.datetime.now(datetime.UTC) - DAY
    assert f"valid until {yesterday:%Y-%m-%d}" in detail


def test_an_engine_that_wants_a_certificate_says_so_when_there_is_none(
    failure: Failure, tls_engine: Callable[..., str], authority: Any
) -> None:
    summary, detail = failure(ProviderConfig(host=tls_engine(), ca_material=authority.pem))
    assert "the engine requires a client certificate" in summary
    assert "cert_path" in detail


def test_an_engine_signed_by_an_unknown_authority_is_not_trusted(
    failure: Failure,
    stranger: Any,
    tls_engine: Callable[..., str],
    authority: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    folder = authority.issue(tmp_path / "client", "student")
    (folder / "ca.pem").write_text(stranger.pem)
    # requests would trust this bundle in place of ca.pem.
    (tmp_path / "bundle.pem").write_text(authority.pem)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "bundle.pem"))
    summary, detail = failure(ProviderConfig(host=tls_engine(), cert_path=str(folder)))
    assert "signed by an unknown CA" in summary
    assert "ca_material" in detail


def test_an_engine_whose_certificate_expired_is_told_apart(
    failure: Failure, tls_engine: Callable[..., str], authority: Any, tmp_path: Path
) -> None:
    folder = authority.issue(tmp_path / "client", "student")
    host = tls_engine(valid_days=-1)
    summary, _ = failure(ProviderConfig(host=host, cert_path=str(folder)))
    assert "the engine's certificate has expired" in summary


def test_an_engine_known_by_another_name_is_told_apart(
    failure: Failure, tls_engine: Callable[..., str], authority: Any, tmp_path: Path
) -> None:
    folder = authority.issue(tmp_path / "client", "student")
    host = tls_engine().replace("127.0.0.1", "localhost")
    summary, detail = failure(ProviderConfig(host=host, cert_path=str(folder)))
    assert "certificate is for another host" in summary
    assert "subjectAltName" in detail


def test_a_listener_without_tls_is_told_apart(
    failure: Failure, serve: Callable[..., int], authority: Any, tmp_path: Path
) -> None:
    folder = authority.issue(tmp_path / "client", "student")
    host = f"tcp://127.0.0.1:{serve(http.server.SimpleHTTPRequestHandler)}"
    summary, detail = failure(ProviderConfig(host=host, cert_path=str(folder)))
    assert "it does not speak TLS" in summary
    assert "2375" in detail
