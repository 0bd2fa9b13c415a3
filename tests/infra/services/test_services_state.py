"""Remote state in our own S3 server and our own PostgreSQL, through Terraform's own backends."""

import getpass
import json
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import boto3
import docker
import pytest
from botocore.exceptions import ClientError

from taller.doctor import image
from taller.terraform import StateLocked, Terraform

pytestmark = pytest.mark.engine

PASSWORD = "clave-de-prueba-1"
WRITERS = 8
Folder = Callable[..., Terraform]
Start = Callable[..., AbstractContextManager[Any]]

ADDRESSES = [
    'terraform_data.capa["gold"]',
    'terraform_data.capa["raw"]',
    "terraform_data.modelo",
]


@pytest.fixture(scope="module")
def state_s3(start_service: Start) -> Iterator[Any]:
    with start_service("state_s3", build_args=image.pip_build_args()) as service:
        yield service


@pytest.fixture(scope="module")
def state_pg(start_service: Start) -> Iterator[Any]:
    with start_service("state_pg", password=PASSWORD) as service:
        yield service


@pytest.fixture(params=["s3", "pg"])
def store(request: pytest.FixtureRequest) -> tuple[str, Any]:
    """The backend's type and the service behind it."""
    return request.param, request.getfixturevalue(f"state_{request.param}")


def own(kind: str, service: Any, name: str) -> str:
    """A backend block of our own in the service: no other test's state is there."""
    lines = [line for line in service.backend_config.splitlines() if not line.startswith("key ")]
    lines = [line for line in lines if not line.startswith("schema_name")]
    own_name = {"s3": f'key = "{name}/terraform.tfstate"', "pg": f'schema_name = "{name}"'}[kind]
    return "\n".join([f'backend "{kind}" {{', *lines, own_name, "}"])


def listed(terraform: Terraform) -> list[str]:
    """What ``terraform state list`` prints."""
    return terraform.command("state", "list").stdout.split()


def until(path: Path) -> str:
    """A shell command that says in `path`.started that it runs, and waits 60 s for `path`."""
    waiting = f'i=0; while [ ! -e "{path}" ] && [ $i -lt 600 ]; do sleep 0.1; i=$((i+1)); done'
    return f'touch "{path}.started"; {waiting}'


def appears(path: Path, seconds: float = 60) -> bool:
    """Whether a file is there, within some seconds."""
    end = time.monotonic() + seconds
    while not path.exists() and time.monotonic() < end:
        time.sleep(0.05)
    return path.exists()


def test_the_state_moves_there_and_back_and_stays_whole(
    store: tuple[str, Any], folder: Folder, prefix: str
) -> None:
    kind, service = store
    local = folder("move")
    local.init()
    local.apply()
    before = listed(local)
    assert before == ADDRESSES

    remote = folder("move", own(kind, service, prefix))
    remote.init(migrate_state=True)
    assert listed(remote) == before
    assert remote.plan().empty
    assert not (remote.folder / "terraform.tfstate").read_text().strip()

    (remote.folder / "backend.tf").unlink()
    remote.init(migrate_state=True)
    assert listed(remote) == before
    assert remote.plan().empty
    assert json.loads((remote.folder / "terraform.tfstate").read_text())["resources"]


def test_the_given_backend_file_is_all_that_init_needs(
    store: tuple[str, Any], folder: Folder, prefix: str
) -> None:
    kind, service = store
    terraform = folder("given", f'backend "{kind}" {{}}')
    (terraform.folder / "backend.hcl").write_text(service.backend_config)
    done = terraform.command("init", "-input=false", "-backend-config=backend.hcl")
    assert done.returncode == 0, done.stderr
    terraform.apply()
    assert listed(terraform) == ADDRESSES
    terraform.destroy()


def test_a_colleague_sees_the_same_state_in_another_folder(
    store: tuple[str, Any], folder: Folder, prefix: str
) -> None:
    backend = own(*store, prefix)
    first, second = folder("ana", backend), folder("luis", backend)
    first.init()
    first.apply()
    second.init()
    assert listed(second) == ADDRESSES
    assert second.plan().empty


def test_a_second_writer_is_locked_out_and_s3_tells_who_holds_the_lock(
    store: tuple[str, Any], folder: Folder, prefix: str, tmp_path: Path
) -> None:
    backend, go = own(*store, prefix), tmp_path / "go"
    first = folder("ana", backend, until(go))
    second = folder("luis", backend, until(go))
    first.init()
    second.init()
    with ThreadPoolExecutor() as pool:
        running = pool.submit(first.apply)
        try:
            assert appears(Path(f"{go}.started"))
            with pytest.raises(StateLocked) as locked:
                second.apply()
        finally:
            go.touch()
        running.result()
    assert second.plan().empty
    if store[0] == "s3":  # a lock of PostgreSQL has no owner that Terraform could show
        holder = f"{getpass.getuser()}@{socket.gethostname()}"
        assert (locked.value.lock.who, locked.value.lock.operation) == (
            holder,
            "OperationTypeApply",
        )


def test_of_eight_racing_writers_one_wins(
    store: tuple[str, Any], folder: Folder, prefix: str, tmp_path: Path
) -> None:
    backend, go = own(*store, prefix), tmp_path / "go"
    writers = [folder(f"writer{number}", backend, until(go)) for number in range(WRITERS)]
    for writer in writers:
        writer.init()
    with ThreadPoolExecutor(WRITERS) as pool:
        running = {pool.submit(writer.apply) for writer in writers}
        lost: set[Future[Any]] = set()
        try:
            end = time.monotonic() + 90
            while len(lost) < WRITERS - 1 and time.monotonic() < end:
                done, running = wait(running, timeout=1, return_when=FIRST_COMPLETED)
                lost |= done
        finally:
            go.touch()
    assert len(lost) == WRITERS - 1
    assert all(isinstance(loser.exception(), StateLocked) for loser in lost)
    assert [winner.exception() for winner in running] == [None]


def test_the_state_survives_a_server_that_is_killed(
    store: tuple[str, Any], engine: docker.DockerClient, folder: Folder, prefix: str
) -> None:
    kind, service = store
    terraform = folder("survivor", own(kind, service, prefix))
    terraform.init()
    terraform.apply()
    container = engine.containers.get(service.name)
    container.kill()
    container.start()
    assert eventually_healthy(container)
    assert listed(terraform) == ADDRESSES


def eventually_healthy(container: Any) -> bool:
    """Whether the container's own check succeeds within 30 s."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        container.reload()
        if container.attrs["State"]["Health"]["Status"] == "healthy":
            return True
        time.sleep(0.1)
    return False


def test_a_second_plan_of_the_service_is_empty(store: tuple[str, Any]) -> None:
    assert store[1].terraform.plan().empty


def test_the_lock_is_an_object_that_only_one_can_create(state_s3: Any, prefix: str) -> None:
    client = boto3.client(
        "s3", endpoint_url=state_s3.outputs["endpoint"], region_name="us-east-1",
        aws_access_key_id="taller", aws_secret_access_key="taller",
    )  # fmt: skip
    lock = {"Bucket": state_s3.outputs["bucket"], "Key": f"{prefix}.tflock", "IfNoneMatch": "*"}
    client.put_object(Body=b"ana", **lock)
    with pytest.raises(ClientError, match="PreconditionFailed"):
        client.put_object(Body=b"luis", **lock)


def test_a_wrong_password_opens_no_state(state_pg: Any, folder: Folder, prefix: str) -> None:
    wrong = own("pg", state_pg, prefix).replace(PASSWORD, "otra-clave-1")
    refused = folder("wrong", wrong).command("init", "-input=false", "-no-color")
    assert refused.returncode == 1
    assert "password authentication failed" in refused.stderr


def test_a_new_password_opens_the_database_that_was_there(
    start_service: Start, folder: Folder, prefix: str
) -> None:
    with start_service("state_pg", password=PASSWORD) as service:
        before = folder("before", own("pg", service, prefix))
        before.init()
        before.apply()
        changed = service.change(password="otra-clave-nueva")
        after = folder("after", own("pg", changed, prefix))
        after.init()
        assert listed(after) == ADDRESSES
