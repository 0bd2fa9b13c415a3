"""docker build through the guard: the context and the Dockerfile are written anew."""

import io
import tarfile
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import docker
import pytest
from docker.errors import APIError, BuildError, ImageNotFound

from docker_guard import Guard, Policy

pytestmark = pytest.mark.engine

BASE = "taller/base:bookworm"


def context(files: dict[str, str], **members: tarfile.TarInfo) -> io.BytesIO:
    """A build context."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            tar.addfile(info, io.BytesIO(text.encode()))
        for member in members.values():
            tar.addfile(member)
    packed.seek(0)
    return packed


def build(client: docker.DockerClient, tag: str, packed: io.BytesIO, **options: Any) -> Any:
    options |= {"rm": True, "forcerm": True}
    return client.images.build(fileobj=packed, custom_context=True, tag=tag, **options)[0]


@pytest.fixture(autouse=True)
def nothing_without_a_name_is_left(engine: docker.DockerClient, prefix: str) -> Iterator[None]:
    """Every image that a test's builds made goes by its name or by its label."""
    yield
    for image in engine.api.images(filters={"dangling": True}):
        with suppress(ImageNotFound):  # another test's, meanwhile removed
            assert prefix not in str(engine.api.history(image["Id"]))


class TestBuilds:
    """docker build, on a context and a Dockerfile that are written anew."""

    def test_every_stage_carries_the_labels_and_none_can_be_faked(
        self, client: docker.DockerClient, engine: docker.DockerClient, prefix: str
    ) -> None:
        dockerfile = (
            f"FROM {BASE} AS first\nRUN echo 1 > /a\nFROM {BASE}\nCOPY --from=first /a /b\n"
            "LABEL taller.prefix=other course=x\n"
        )
        build(client, "dev-x:1", context({"Dockerfile": dockerfile}),
              labels={"taller.run": "fake", "mine": "1"})  # fmt: skip
        labels = engine.images.get(f"{prefix}dev-x:1").labels
        assert labels["taller.prefix"] == prefix
        assert labels["taller.run"] == "r1"
        assert (labels["course"], labels["mine"]) == ("x", "1")

    def test_a_build_for_an_inner_stage_gives_that_stage_as_the_tenants(
        self, client: docker.DockerClient, engine: docker.DockerClient, prefix: str
    ) -> None:
        dockerfile = (
            f"FROM {BASE}\nRUN echo {prefix}\nFROM {BASE} AS wanted\nENV STAGE=wanted\n"
            f"FROM {BASE}\nENV STAGE=last\n"
        )
        build(client, "dev-x:1", context({"Dockerfile": dockerfile}), target="WANTED")
        made = engine.images.get(f"{prefix}dev-x:1")
        assert "STAGE=wanted" in made.attrs["Config"]["Env"]
        assert made.labels["taller.prefix"] == prefix

    def test_a_build_for_a_stage_that_is_not_there_is_refused(
        self, client: docker.DockerClient, prefix: str
    ) -> None:
        packed = context({"Dockerfile": f"FROM {BASE} AS first\n"})
        with pytest.raises(APIError, match="no tiene la etapa «second»"):
            build(client, "dev-x:1", packed, target="second")

    def test_what_a_failed_build_had_made_is_found_by_its_label(
        self, client: docker.DockerClient, engine: docker.DockerClient, prefix: str
    ) -> None:
        dockerfile = (
            f"FROM {BASE} AS first\nRUN echo {prefix} > /a\nFROM {BASE}\n"
            f"COPY --from=first /a /b\nRUN echo {prefix} > /c\nRUN false\n"
        )
        with pytest.raises(BuildError):
            build(client, "dev-x", context({"Dockerfile": dockerfile}))
        for image in engine.api.images(filters={"label": f"taller.prefix={prefix}"}):
            engine.api.remove_image(image["Id"], force=True)
        again = dockerfile.replace("RUN false\n", "").encode()
        for target, cached in (("first", 0), (None, 1)):
            _, log = engine.images.build(
                fileobj=io.BytesIO(again), tag=f"dev-{target}".lower(), target=target, rm=True
            )
            steps = "".join(line.get("stream", "") for line in log)
            assert steps.count("Using cache") == cached  # the first stage's, just built

    def test_a_build_has_no_network(self, client: docker.DockerClient, prefix: str) -> None:
        program = "import socket; socket.create_connection(('1.1.1.1', 53), 2)"
        dockerfile = f'FROM {BASE}\nRUN python3 -c "{program}"\n'
        with pytest.raises(BuildError) as caught:
            build(client, "dev-x", context({"Dockerfile": dockerfile}))
        assert "Network is unreachable" in "".join(
            line.get("stream", "") for line in caught.value.build_log
        )

    @pytest.mark.parametrize(
        ("lines", "reason"),
        [
            ("FROM taller/base:bookworm-raw", "No such image"),
            ("FROM alpine", "No such image"),
            ("ARG B=alpine\nFROM $B", "No such image"),
            ("ARG B=alpine\nFROM ${B:-x}", "No such image"),
            ("FROM {b}\nCOPY --from=alpine / /x", "No such image"),
            ("FROM {b}\nCOPY --chown=1:1 --from=alpine / /x", "No such image"),
            ("FROM {b}\nCOPY --fr\\\nom=alpine / /x", "No such image"),
            ("FROM {b}\nCOPY --from=$X / /x", "no están permitidas"),
            ('FROM {b}\nCOPY "--from=alpine" / /x', ""),
            ("FROM {b}\nADD http://example.com/x /x", "ADD no descarga"),
            ("FROM {b}\nADD $X /x", "ADD no descarga"),
            ('FROM {b}\nADD ["\\u0068ttp://example.com/x", "/x"]', "ADD no descarga"),
            ("FROM {b}\nADD git@example.com:a/b /x", "ADD no descarga"),
            ("FROM {b}\nONBUILD COPY --from=alpine / /x", "ONBUILD no está permitida"),
            ("FROM {b}\nRUN --mount=type=bind,from=alpine,target=/x ls", "BuildKit"),
            ("FROM {b}\nRUN --network=host ls", "BuildKit"),
            ("# escape=`\nFROM {b}", "escape"),
            ("FROM {b}\nRUN ls \\", "no continúa"),
            ("RUN ls", "no tiene FROM"),
            ("FROM {b}\nMOUNT x", "MOUNT no está permitida"),
            ("", "no tiene FROM"),
        ],
    )
    def test_a_dockerfile_that_reaches_out_is_refused(
        self, client: docker.DockerClient, prefix: str, lines: str, reason: str
    ) -> None:
        packed = context({"Dockerfile": lines.replace("{b}", BASE)})
        with pytest.raises((APIError, BuildError)) as caught:
            build(client, "dev-x", packed)
        assert reason in str(caught.value)

    @pytest.mark.parametrize(
        "options",
        [{"remote": "https://example.com/x.git"}, {"session": "abc"}, {"version": "2"},
         {"outputs": "x"}, {"squash": "1"}],
    )  # fmt: skip
    def test_a_parameter_that_reaches_out_is_refused(
        self, client: docker.DockerClient, options: dict[str, str]
    ) -> None:
        packed = context({"Dockerfile": f"FROM {BASE}"})
        url = f"{client.api.base_url}/v1.41/build"
        assert client.api.post(url, params=options, data=packed).status_code == 403

    @pytest.mark.parametrize("tag", [BASE, "localhost:5000/x", "UPPER"])
    def test_a_name_of_somebody_else_is_refused(
        self, client: docker.DockerClient, tag: str
    ) -> None:
        packed = context({"Dockerfile": f"FROM {BASE}"})
        url = f"{client.api.base_url}/v1.41/build"
        assert client.api.post(url, params={"t": tag}, data=packed).status_code in (400, 403)

    @pytest.mark.parametrize(
        ("kind", "name"),
        [(tarfile.CHRTYPE, "dev"), (tarfile.FIFOTYPE, "fifo"), (tarfile.REGTYPE, "../x"),
         (tarfile.SYMTYPE, "Dockerfile"), (tarfile.LNKTYPE, "hard")],
    )  # fmt: skip
    def test_a_context_with_traps_is_refused(
        self, client: docker.DockerClient, prefix: str, kind: bytes, name: str
    ) -> None:
        trap = tarfile.TarInfo(name)
        trap.type, trap.linkname = kind, "../../etc/passwd"
        with pytest.raises(APIError, match=r"400|403"):
            build(client, "dev-x", context({"Dockerfile": f"FROM {BASE}"}, trap=trap))

    def test_bytes_that_are_no_archive_are_refused(self, client: docker.DockerClient) -> None:
        url = f"{client.api.base_url}/v1.41/build"
        for data in (b"", b"x" * 2000, b"\x1f\x8bnot gzip", b"BZh91AY"):
            answer = client.api.post(url, data=data)
            assert answer.status_code == 400, answer.text


class TestLimitsOfBuilds:
    """Size, time and number."""

    @pytest.fixture
    def policy(self) -> Policy:
        return Policy(images=(BASE,), context_mb=1, context_files=20, build_seconds=3)

    def test_a_context_beyond_its_size_is_refused(self, client: docker.DockerClient) -> None:
        files = {"Dockerfile": f"FROM {BASE}", "big": "x" * 3_000_000}
        url = f"{client.api.base_url}/v1.41/build"
        assert client.api.post(url, data=context(files)).status_code == 413

    def test_a_compressed_bomb_is_refused(self, client: docker.DockerClient) -> None:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as tar:
            info = tarfile.TarInfo("bomb")
            info.size = 200_000_000
            tar.addfile(info, io.BytesIO(b"\0" * info.size))
        url = f"{client.api.base_url}/v1.41/build"
        headers = {"Content-Encoding": "gzip"}
        answer = client.api.post(url, data=packed.getvalue(), headers=headers)
        assert answer.status_code == 413

    def test_a_compressed_context_is_built(self, client: docker.DockerClient, prefix: str) -> None:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as tar:
            info = tarfile.TarInfo("./Dockerfile")
            info.size = len(f"FROM {BASE}")
            tar.addfile(info, io.BytesIO(f"FROM {BASE}".encode()))
        packed.seek(0)
        assert build(client, "dev-x", packed, encoding="gzip").tags == ["dev-x:latest"]

    def test_too_many_files_are_refused(self, client: docker.DockerClient) -> None:
        files = {"Dockerfile": f"FROM {BASE}"} | {f"f{number}": "" for number in range(30)}
        url = f"{client.api.base_url}/v1.41/build"
        assert client.api.post(url, data=context(files)).status_code == 413

    def test_a_build_that_takes_too_long_is_stopped_and_says_so(
        self, client: docker.DockerClient, engine: docker.DockerClient, prefix: str
    ) -> None:
        dockerfile = f"FROM {BASE}\nRUN echo {prefix}; sleep 60"
        with pytest.raises(BuildError, match="pasó de 3 s"):
            build(client, "dev-x", context({"Dockerfile": dockerfile}))
        deadline = time.monotonic() + 15
        while any(prefix in c["Command"] for c in engine.api.containers()):
            assert time.monotonic() < deadline
            time.sleep(0.2)


class TestDisk:
    """What the steps of a build write, all of them together."""

    @pytest.fixture
    def policy(self) -> Policy:
        return Policy(images=(BASE,), disk_mb=100)

    def test_a_build_that_fills_the_disk_step_by_step_is_stopped(
        self, client: docker.DockerClient, guard: Guard, prefix: str
    ) -> None:
        step = "RUN head -c 40M /dev/zero > /$(date +%N); sleep 3\n"
        dockerfile = f"FROM {BASE}\nLABEL taller.prefix=other\n{step * 9}"
        with pytest.raises(BuildError, match="returned a non-zero code: 137") as caught:
            build(client, "dev-x", context({"Dockerfile": dockerfile}), nocache=True)
        log = "".join(line.get("stream", "") for line in caught.value.build_log)
        assert log.count("Running in") == 3 + 3  # the labels, and the steps that began
        (refusal,) = guard.refusals
        assert "de disco" in refusal.message


class TestCache:
    """A build through the guard uses what was built without it: a dependency layer needs no net."""

    DOCKERFILE = (
        "# syntax=docker/dockerfile:1\n"
        "ARG BASE_IMAGE=python:3.12-slim\nFROM ${BASE_IMAGE} AS dependencies\nARG MARK\n"
        "COPY lock /tmp/lock\n"
        "RUN echo $MARK > /a \\\n  # a comment between\n\n && \\\n\techo b   \\\n  > /b   \n"
        "FROM ${BASE_IMAGE}\nCOPY --from=dependencies /a /a\nENV A=1 \\\n    B=2\n"
    )

    @pytest.fixture
    def policy(self) -> Policy:
        return Policy(images=(BASE,), recipes=(self.DOCKERFILE.encode(),))

    def test_a_layer_that_is_there_is_not_built_again(
        self, client: docker.DockerClient, engine: docker.DockerClient, prefix: str
    ) -> None:
        arguments = {"BASE_IMAGE": BASE, "MARK": prefix}
        files = {"Dockerfile": self.DOCKERFILE, "lock": prefix}
        build(
            engine, f"{prefix}dev-stage", context(files), buildargs=arguments, target="dependencies"
        )
        build(engine, f"{prefix}dev-before", context(files), buildargs=arguments)
        _, log = client.images.build(
            fileobj=context(files), custom_context=True, tag="dev-after", buildargs=arguments
        )
        steps = "".join(line.get("stream", "") for line in log)
        assert steps.count("Using cache") == 5  # every step but the FROMs and the labels

    def test_a_stage_that_tenants_have_in_common_is_one_image(
        self, client: docker.DockerClient, engine: docker.DockerClient, prefix: str
    ) -> None:
        files = {"Dockerfile": self.DOCKERFILE, "lock": prefix}
        arguments = {"BASE_IMAGE": BASE, "MARK": prefix}
        build(
            engine, f"{prefix}dev-stage", context(files), buildargs=arguments, target="dependencies"
        )
        build(client, "dev-after", context(files), buildargs=arguments)
        (made,) = engine.api.images(filters={"label": f"taller.prefix={prefix}"})
        assert made["RepoTags"] == [f"{prefix}dev-after:latest"]


def test_too_many_volumes_in_a_dockerfile_are_refused(
    client: docker.DockerClient, prefix: str
) -> None:
    dockerfile = f"FROM {BASE}\nVOLUME " + " ".join(f"/v{n}" for n in range(20))
    with pytest.raises(APIError, match="VOLUME"):
        build(client, "dev-x", context({"Dockerfile": dockerfile}))


SECRET = "https://name:secret@index.example.com"
RECIPE = f"""\
FROM {BASE}
ARG INDEX
COPY data /data
RUN test -n "$INDEX" && cat /proc/sys/kernel/random/uuid > /made-once
"""


def arguments_of_the_recipe(dockerfile: bytes) -> dict[str, str]:
    return {"INDEX": SECRET} if dockerfile == RECIPE.encode() else {}


class TestCachedBuilds:
    """A build from the engine's cache, which the engine filled with arguments of its own."""

    @pytest.fixture
    def policy(self) -> Policy:
        return Policy(
            images=(BASE,),
            build_arguments=arguments_of_the_recipe,
            recipes=(RECIPE.encode(),),
        )

    def test_a_known_recipe_comes_from_the_cache_whoever_packed_it(
        self, client: docker.DockerClient, engine: docker.DockerClient, prefix: str
    ) -> None:
        files = {"Dockerfile": RECIPE, "data": prefix}
        warm = build(engine, f"{prefix}dev-warm:1", context(files), buildargs={"INDEX": SECRET})
        mine = tarfile.TarInfo("data")
        mine.uid = mine.gid = 1000
        mine.size = len(prefix)
        packed = context({"Dockerfile": RECIPE})
        with tarfile.open(fileobj=packed, mode="a") as tar:
            tar.addfile(mine, io.BytesIO(prefix.encode()))
        packed.seek(0)
        again = build(client, "dev-x:1", packed)
        assert again.attrs["RootFS"]["Layers"] == warm.attrs["RootFS"]["Layers"]

    def test_its_arguments_stay_unknown_to_the_tenant(
        self, client: docker.DockerClient, engine: docker.DockerClient, prefix: str
    ) -> None:
        image = build(client, "dev-x:1", context({"Dockerfile": RECIPE, "data": prefix}))
        assert SECRET in str(engine.images.get(f"{prefix}dev-x:1").history())
        assert "/made-once" in str(image.history())
        assert SECRET not in str(image.history()) + str(image.attrs)


class TestOtherBuilds:
    """A build that the engine's cache was not filled for."""

    @pytest.fixture
    def policy(self) -> Policy:
        return Policy(images=(BASE,), build_arguments=arguments_of_the_recipe)

    def test_another_recipe_does_not_get_the_arguments(
        self, client: docker.DockerClient, prefix: str
    ) -> None:
        text = RECIPE + "RUN echo $INDEX\n"
        with pytest.raises(BuildError):
            build(client, "dev-x:1", context({"Dockerfile": text, "data": prefix}))
