"""Thousands of refused calls are a few lines, and starve nobody."""

import json
import threading
import time

import docker
import pytest
from tests.docker_guard.conftest import exchange

from docker_guard import Guard
from docker_guard.refusal import Refusal
from docker_guard.refusals import Refusals


def test_the_first_ten_are_kept_whole_and_the_rest_counted_by_reason() -> None:
    refusals = Refusals()
    for number in range(1000):
        refusals.add(Refusal("POST", f"/x{number}", 403, f"«{number}» no está permitido."))
    for _ in range(5):
        refusals.add(Refusal("GET", "/y", 400, "El cuerpo no es JSON."))
    assert [one.target for one in refusals.first] == [f"/x{number}" for number in range(10)]
    *first, rest = refusals.lines
    assert len(first) == 10
    assert rest == (
        "y 995 peticiones más: 990 con «… no está permitido.»; 5 con «El cuerpo no es JSON.»"
    )


def test_no_text_of_a_client_makes_the_record_large() -> None:
    refusals = Refusals()
    for number in range(5000):
        letters = f"{number:x}".translate(str.maketrans("0123456789", "ghijklmnop"))
        refusals.add(Refusal("P" * 9999, "/" + "t" * 9999, 403, letters * 9999))
    assert len(json.dumps(refusals.lines)) < 15_000
    assert len(refusals.more) <= 21


def more(guard: Guard) -> int:
    """How many refused calls are only counted."""
    return int(guard.refusal_lines[-1].split()[1]) if len(guard.refusal_lines) > 10 else 0


@pytest.mark.engine
def test_a_flood_of_refused_calls_is_slowed_and_the_others_are_served(
    guard: Guard, client: docker.DockerClient
) -> None:
    stop = threading.Event()

    def flood() -> None:
        while not stop.is_set():
            exchange(guard.socket, b"POST /swarm/init HTTP/1.1\r\nHost: d\r\n\r\n")

    floods = [threading.Thread(target=flood) for _ in range(8)]
    for one in floods:
        one.start()
    deadline = time.monotonic() + 30
    while more(guard) < 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    before, began = more(guard), time.monotonic()
    for _ in range(20):
        assert client.ping()
    assert time.monotonic() - began < 5
    time.sleep(max(0, began + 2 - time.monotonic()))
    per_second = (more(guard) - before) / (time.monotonic() - began)
    stop.set()
    for one in floods:
        one.join()
    assert per_second < 50  # eight clients, each waits a quarter of a second
    assert len(guard.refusal_lines) == 11
