"""Requests as bytes: one reading or none (RFC 9112)."""

import string
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docker_guard.http import parse_head
from docker_guard.refusal import Refused
from docker_guard.routes import find_route
from docker_guard.target import split_target

Send = Callable[..., bytes]

PING = b"GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n"


def post(*headers: str, body: str = "{}", target: str = "/a", version: str = "1.1") -> bytes:
    """A request as bytes."""
    lines = [f"POST {target} HTTP/{version}", "Host: d", *headers, "", body]
    return "\r\n".join(lines).encode()


def get(line: str, *headers: str) -> bytes:
    """A request without a body as bytes."""
    return "\r\n".join([line, "Host: d", *headers, "", ""]).encode()


CHUNKED = "Transfer-Encoding: chunked"
MALFORMED = {
    "both lengths": post("Content-Length: 2", CHUNKED, body="0\r\n\r\n"),
    "two lengths": post("Content-Length: 2", "Content-Length: 3"),
    "the same length twice": post("Content-Length: 2", "Content-Length: 2"),
    "a list of lengths": post("Content-Length: 2, 2"),
    "a signed length": post("Content-Length: +2"),
    "a length in other digits": post("Content-Length: ٢"),
    "another coding": post("Transfer-Encoding: gzip, chunked", body="0\r\n\r\n"),
    "identity coding": post("Transfer-Encoding: identity"),
    "chunked in HTTP/1.0": post(CHUNKED, body="0\r\n\r\n", version="1.0"),
    "a folded header": get("GET /_ping HTTP/1.1", "X: a\r\n b"),
    "a space before the colon": get("GET /_ping HTTP/1.1", "Content-Length : 0"),
    "a header without a name": get("GET /_ping HTTP/1.1", ": a"),
    "a bare line feed": b"GET /_ping HTTP/1.1\nHost: a\r\n\r\n",
    "a bare carriage return": get("GET /_ping HTTP/1.1", "X: a\rContent-Length: 5"),
    "a null byte": get("GET /_ping HTTP/1.1", "X: a\0b"),
    "a method in lower case": get("get /_ping HTTP/1.1"),
    "an unknown method": get("CONNECT docker:80 HTTP/1.1"),
    "an absolute target": get("GET http://docker/_ping HTTP/1.1"),
    "two spaces": get("GET  /_ping HTTP/1.1"),
    "no version": get("GET /_ping"),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
}


@pytest.mark.parametrize("raw", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_head_with_two_readings_is_refused(raw: bytes) -> None:
    with pytest.raises(Refused) as caught:
        parse_head(raw[: raw.index(b"\r\n\r\n") + 4])
    assert caught.value.status == 400


@given(st.binary(max_size=300))
def test_no_bytes_at_all_upset_the_parser(noise: bytes) -> None:
    try:
        head = parse_head(noise.replace(b"\r\n\r\n", b"") + b"\r\n\r\n")
    except Refused:
        return
    assert head.method in {"GET", "HEAD", "POST", "PUT", "DELETE"}


header_text = st.text(string.ascii_letters + string.digits + " ,;:=/\t-", max_size=20)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Content-Length", "content-length", "Transfer-Encoding", "X", "Host"]),
            st.one_of(header_text, st.sampled_from(["0", "2", "chunked", "Chunked", "identity"])),
        ),
        max_size=5,
    )
)
def test_where_the_body_ends_is_said_at_most_once(headers: list[tuple[str, str]]) -> None:
    lines = b"".join(f"{name}: {value}\r\n".encode() for name, value in headers)
    try:
        head = parse_head(b"POST /build HTTP/1.1\r\nHost: d\r\n" + lines + b"\r\n")
    except Refused:
        return
    framing = [
        name for name, _ in headers if name.lower() in ("content-length", "transfer-encoding")
    ]
    assert len(framing) <= 1
    assert head.headers.get("transfer-encoding", "chunked") == "chunked"
    assert head.headers.get("content-length", "0").isascii()


PATH_TRICKS = [
    "/../containers/json", "/v1.41/../containers/json", "/./_ping", "//_ping", "/v1.41//_ping",
    "/%2e%2e/info", "/containers/%2e%2e/json", "/_ping%00", "/_ping%2fx", "/volumes/a%2Fb",
    "/_ping%", "/_ping%zz", "/_ping%c0%ae", "/_ping#x", "/volumes/a\\b", "/volumes/a;b",
    "/v1.41/_ping%0d%0a", "/containers/a%20b/json", "/v1.12/containers/create", "/v1.23/info",
]  # fmt: skip


@pytest.mark.parametrize("target", PATH_TRICKS)
def test_a_path_with_two_readings_is_refused(target: str) -> None:
    with pytest.raises(Refused):
        find_route("GET", split_target(target)[1])


@given(st.text("/.%25eE2fF0vV1.abc_\\;#?&=~", max_size=30))
def test_a_path_that_passes_is_plain(path: str) -> None:
    try:
        version, plain, _ = split_target("/" + path)
    except Refused:
        return
    assert "//" not in plain
    assert not {".", ".."} & set(plain.split("/"))
    assert not set(plain) & set("%\\;#?")
    assert version in ("", "/v1.25", "/v1.1") or version.startswith("/v1.")


@pytest.mark.parametrize("target", ["/_ping", "/v1.41/_ping", "/v1.24/_ping", "/%5Fping"])
def test_a_path_passes_with_and_without_a_version(target: str) -> None:
    assert find_route("GET", split_target(target)[1])[0].path == "/_ping"


def test_a_parameter_given_twice_is_refused() -> None:
    query = split_target("/containers/create?name=a&name=b")[2]
    with pytest.raises(Refused, match="repetido"):
        query.text("name")


def test_a_parameter_that_nobody_knows_is_refused() -> None:
    query = split_target("/containers/json?all=1&size=0&secret=1")[2]
    query.flag("all")
    with pytest.raises(Refused, match="secret"):
        query.finish()


@pytest.mark.engine
class TestOnASocket:
    """The same, on the guard's socket."""

    def test_a_ping_is_answered_and_the_connection_closed(self, send: Send) -> None:
        answer = send(PING, finish=False)
        assert answer.startswith(b"HTTP/1.1 200")
        assert answer.endswith(b"\r\nConnection: close\r\n\r\nOK")

    def test_what_comes_behind_a_request_is_never_interpreted(self, send: Send) -> None:
        smuggled = b"POST /swarm/init HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\n\r\n"
        answer = send(PING + smuggled + PING)
        assert answer.count(b"HTTP/1.1 ") == 1

    @pytest.mark.parametrize("raw", MALFORMED.values(), ids=MALFORMED.keys())
    def test_a_malformed_request_gets_the_engines_error_format(
        self, send: Send, raw: bytes
    ) -> None:
        answer = send(raw)
        assert answer.startswith(b"HTTP/1.1 400")
        assert b'{"message": "La petici' in answer

    @pytest.mark.parametrize(
        "body",
        [b"zz\r\n{}\r\n0\r\n\r\n", b"2\r\n{}", b"-2\r\n{}\r\n0\r\n\r\n", b"2\n{}\n0\n\n",
         b"2\r\n{}x\r\n0\r\n\r\n", b"2;a=b\r\n{}\r\n0\r\nX: y\r\n\r\n", b"\r\n",
         b"fffffffffffffffffffffff\r\n{}\r\n0\r\n\r\n"],
    )  # fmt: skip
    def test_bad_chunks_are_refused(self, send: Send, body: bytes) -> None:
        head = b"POST /volumes/create HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n"
        assert send(head + body).startswith(b"HTTP/1.1 400")

    def test_a_body_shorter_than_it_says_is_refused(self, send: Send) -> None:
        raw = b'POST /volumes/create HTTP/1.1\r\nHost: d\r\nContent-Length: 99\r\n\r\n{"Name": "x"}'
        assert send(raw).startswith(b"HTTP/1.1 400")

    def test_headers_beyond_the_limit_are_refused(self, send: Send) -> None:
        raw = b"GET /_ping HTTP/1.1\r\nHost: d\r\nX: " + b"a" * 100_000 + b"\r\n\r\n"
        assert send(raw).startswith(b"HTTP/1.1 431")

    @pytest.mark.parametrize("size", [1024 * 1024 + 1, 3 * 1024 * 1024])
    @pytest.mark.parametrize("chunked", [True, False])
    def test_a_body_beyond_a_megabyte_is_refused_and_never_cut(
        self, send: Send, prefix: str, size: int, chunked: bool
    ) -> None:
        """CVE-2024-41110 and CVE-2026-34040: a filter saw a shorter body than the engine."""
        body = b'{"Name": "%s_big", "Labels": {"a": "' % prefix.encode() + b"x" * size + b'"}}'
        head = b"POST /volumes/create HTTP/1.1\r\nHost: d\r\n"
        if chunked:
            head += b"Transfer-Encoding: chunked\r\n\r\n"
            body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        else:
            head += b"Content-Length: %d\r\n\r\n" % len(body)
        assert send(head + body).startswith(b"HTTP/1.1 413")

    def test_a_body_just_below_the_limit_passes(self, send: Send, prefix: str) -> None:
        body = b'{"Name": "%s_ok"%s}' % (prefix.encode(), b" " * (1024 * 1024 - 100))
        head = b"POST /volumes/create HTTP/1.1\r\nHost: d\r\nContent-Length: %d\r\n\r\n" % len(body)
        assert send(head + body).startswith(b"HTTP/1.1 201")

    def test_a_client_that_waits_for_100_continue_is_told_to_go_on(self, send: Send) -> None:
        raw = post("Content-Length: 2", "Expect: 100-continue", target="/volumes/create")
        assert send(raw).startswith(b"HTTP/1.1 100")

    @pytest.mark.parametrize(
        "target", ["/session", "/containers/x/attach?stream=1", "/exec/x/start", "/grpc"]
    )
    def test_an_upgrade_is_refused(self, send: Send, target: str) -> None:
        answer = send(post("Connection: Upgrade", "Upgrade: tcp", target=target, body=""))
        assert answer.startswith(b"HTTP/1.1 403")
        assert b"docker logs" in answer


def test_accept_may_come_again_as_the_command_line_sends_it() -> None:
    head = parse_head(b"GET /events HTTP/1.1\r\nAccept: a/b\r\nHost: x\r\naccept: c/d\r\n\r\n")
    assert head.headers["accept"] == "a/b, c/d"
