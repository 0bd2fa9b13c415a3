"""What four Docker Engines answered to the same requests (``engines/``), and an engine made of it.

It stands in for an engine that this machine cannot run; whatever reads answers is fed with them as
they are, and once more without all that is not set, which newer engines leave out (API 1.52).
"""

import json
import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("engines")
ENGINES = sorted(file.stem for file in FOLDER.glob("*.json"))
SHAPES = [f"{engine}{shape}" for engine in ENGINES for shape in ("", " pruned")]
"""Each engine, and each without what is not set."""

OWNER = "re"
"""A prefix of the recorded names (rec_c, rec_v); each gets the label of its owner."""

_DATA = ("Labels", "Ports", "Networks", "Attributes")
"""What is in these is no field: its names say something by themselves."""


def recorded(shape: str) -> dict[str, Any]:
    """Name of a request to the engine's answer."""
    engine, _, pruned = shape.partition(" ")
    found = json.loads((FOLDER / f"{engine}.json").read_text("utf-8"))
    answers = {name: each["answer"] for name, each in found.items()}
    return {name: _pruned(answer) for name, answer in answers.items()} if pruned else answers


def _pruned(value: Any) -> Any:
    if isinstance(value, list):
        return [_pruned(each) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {k: v if k in _DATA else _pruned(v) for k, v in value.items()}
    return {k: v for k, v in kept.items() if v or (k in _DATA and v is not None)}


def _as_the_guards(answer: Any) -> Any:
    """The answer with the owner's label on every object."""
    if isinstance(answer, list):
        return [_as_the_guards(each) for each in answer]
    config = answer.get("Config")
    holder = config if isinstance(config, dict) else answer
    holder["Labels"] = {**(holder.get("Labels") or {}), "taller.prefix": OWNER}
    return answer


def _routes(shape: str) -> list[tuple[str, Any]]:
    """Patterns of paths and what is answered; the first that fits."""
    said = recorded(shape)
    networks = [_as_the_guards(said["network_inspect"])] if "Id" in said["network_inspect"] else []
    volumes = _as_the_guards(said["volumes_list"]["Volumes"])
    ids = "|".join(sorted({said["container_inspect_running"]["Id"], "rec_c"}))
    return [
        (r"/_ping", "OK"),
        (r"/version", said["version"]),
        (r"/info", said["info"]),
        (r"/system/df", said["df"]),
        (r"/containers/json", _as_the_guards(said["containers_list"])),
        (rf"/containers/({ids})/json", _as_the_guards(said["container_inspect_running"])),
        (r"/containers/[^/]+/json", _as_the_guards(said["container_inspect_no_command"])),
        (r"/images/json", _as_the_guards(said["images_list"])),
        (r"/images/.+/history", said["image_history_kit"]),
        (r"/images/.+/json", _as_the_guards(said["image_inspect_classic"])),
        (r"/networks", networks),
        *[(r"/networks/[^/]+", each) for each in networks],
        (r"/volumes", {"Volumes": volumes}),
        (r"/volumes/[^/]+", volumes[0]),
    ]


@contextmanager
def serving(shape: str, folder: Path) -> Iterator[str]:
    """An engine that answers as the recorded one did; its address."""
    routes = _routes(shape)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = re.sub(r"^/v[0-9.]+(?=/)", "", self.path.partition("?")[0])
            answer = next((a for pattern, a in routes if re.fullmatch(pattern, path)), None)
            plain = isinstance(answer, str)
            body = (
                answer if plain else json.dumps({"message": "none"} if answer is None else answer)
            )
            self.send_response(404 if answer is None else 200)
            self.send_header("Content-Type", "text/plain" if plain else "application/json")
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        do_HEAD = do_GET

        def address_string(self) -> str:
            return "unix"  # such a client has no address

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    address = str(folder / "engine.sock")
    with socketserver.ThreadingUnixStreamServer(address, Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"unix://{address}"
        server.shutdown()
