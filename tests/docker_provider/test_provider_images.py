"""docker_image and docker_tag: build, look up, replace, remove."""

import pytest

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("base_image")]

IMAGE = """
variable "greeting" {
  default = "hola"
}
resource "docker_image" "app" {
  name = "${var.prefix}-app:1"
  build {
    context    = "${abspath(path.module)}/app"
    build_args = { GREETING = var.greeting }
    MORE
  }
  OUTER
}
"""
DOCKERFILE = """\
FROM taller/base:bookworm
ARG GREETING
COPY . /app
RUN echo "$GREETING" > /greeting
CMD ["sh", "-c", "cat /greeting; ls -A /app"]
"""


def image(more: str = "", outer: str = "") -> str:
    return IMAGE.replace("MORE", more).replace("OUTER", outer)


@pytest.fixture
def context(workspace):
    """A workspace with a build context, of which .dockerignore hides a part."""
    workspace.write(DOCKERFILE, "app/Dockerfile")
    workspace.write("código\n", "app/main.txt")
    workspace.write("no subir\n", "app/secret.key")
    workspace.write("*.key\nDockerfile\n.dockerignore\n# un comentario\n", "app/.dockerignore")
    return workspace


def test_an_image_is_built_with_its_arguments_and_without_ignored_files(context, engine, prefix):
    context.write(image()).applied()
    said = engine.containers.run(f"{prefix}-app:1", remove=True).decode()
    assert said == "hola\nmain.txt\n"
    assert context.plan().actions == {}


def test_the_state_tells_the_images_id(context, engine, prefix):
    state = context.write(image()).applied().state()["docker_image.app"]
    made = engine.images.get(f"{prefix}-app:1")
    assert state["image_id"] == made.id
    assert state["id"] == f"{made.id}{prefix}-app:1"
    assert state["repo_digest"] == ""


def test_with_every_argument_set_a_second_plan_is_empty(context, engine, prefix):
    more = """
    dockerfile   = "Dockerfile"
    labels       = { autor = "taller" }
    label        = { curso = "titanic" }
    no_cache     = false
    pull_parent  = false
    remove       = true
    force_remove = true
    network_mode = "default"
    target       = "final"
    tag          = ["${var.prefix}-app:otra"]
    extra_hosts  = ["registro:10.9.8.7"]
    memory       = 536870912"""
    outer = """
  keep_locally = false
  force_remove = true
  triggers     = { fuente = "1" }
  timeouts {
    create = "5m"
    update = "5m"
    delete = "1m"
  }"""
    context.write(DOCKERFILE.replace("bookworm", "bookworm AS final"), "app/Dockerfile")
    context.write(image(more, outer)).applied()
    assert context.plan().actions == {}
    made = engine.images.get(f"{prefix}-app:1")
    assert made.labels.get("autor") == "taller"
    assert "curso" not in made.labels, "the real provider drops `label`, and so does this one"
    assert f"{prefix}-app:otra" in made.tags


def test_a_failing_step_shows_its_output_and_leaves_no_container(context, engine, prefix):
    broken = DOCKERFILE + "RUN echo antes de fallar && false\n"
    context.write(broken, "app/Dockerfile")
    result = context.write(image()).apply()
    assert not result.ok
    assert f'The build of the image "{prefix}-app:1" failed' in result.errors
    assert "RUN echo antes de fallar && false" in result.errors
    assert "\nantes de fallar\n" in result.errors
    assert "returned a non-zero code: 1" in result.errors
    left = engine.api.containers(all=True, trunc=False)
    assert not [c for c in left if "antes de fallar" in c["Command"]]


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ('dockerfile = "Otro"', 'The build context has no "Otro"'),
        ('target = "nada"', "nada"),
    ],
)
def test_a_build_that_cannot_begin_says_why(context, more, complaint):
    result = context.write(image(more)).apply()
    assert not result.ok
    assert complaint in result.errors


def test_a_missing_context_says_where_it_looked(workspace):
    result = workspace.write(image()).apply()
    assert f"{workspace.folder}/app is no folder" in result.errors


def test_a_changed_build_argument_builds_again(context, engine, prefix):
    context.write(image()).applied()
    plan = context.plan("-var=greeting=adiós")
    assert plan.actions == {"docker_image.app": "delete create"}
    assert plan.replaced_by("docker_image.app") == [["build"]]
    context.applied("-var=greeting=adiós")
    assert engine.containers.run(f"{prefix}-app:1", remove=True).decode().startswith("adiós")


def test_a_changed_context_alone_is_not_seen_but_a_trigger_is(context):
    outer = 'triggers = { main = filesha256("${path.module}/app/main.txt") }'
    context.write(image()).applied()
    context.write("nuevo código\n", "app/main.txt")
    assert context.plan().actions == {}
    context.write(image(outer=outer)).applied()
    context.write("más código\n", "app/main.txt")
    assert context.plan().replaced_by("docker_image.app") == [["triggers"]]


def test_what_only_matters_at_destroy_changes_in_place(context, engine, prefix):
    context.write(image()).applied()
    context.write(image(outer="keep_locally = true"))
    assert context.plan().actions == {"docker_image.app": "update"}
    assert context.applied().destroy().ok
    assert engine.images.get(f"{prefix}-app:1")


def test_an_image_removed_by_hand_is_built_again(context, engine, prefix):
    context.write(image()).applied()
    engine.images.remove(f"{prefix}-app:1")
    assert context.plan().actions == {"docker_image.app": "create"}


def test_an_image_in_use_says_how_to_remove_it(context, engine, prefix):
    context.write(image()).applied()
    engine.containers.create(f"{prefix}-app:1", name=f"{prefix}-user")
    result = context.destroy()
    assert f'The image "{prefix}-app:1" cannot be removed' in result.errors
    assert "force_remove = true" in result.errors
    assert context.write(image(outer="force_remove = true")).applied().destroy().ok


def test_a_build_over_its_time_limit_is_ended(context):
    context.write(DOCKERFILE + "RUN sleep 60\n", "app/Dockerfile")
    result = context.write(image(outer='timeouts {\n create = "2s"\n }')).apply()
    assert not result.ok
    assert "longer than its time limit of 2 s" in result.errors


def test_build_and_pull_exclude_each_other(context):
    result = context.write(image(outer='pull_triggers = ["x"]')).terraform("validate", "-json")
    assert "Conflicting arguments" in result.output


def test_an_image_that_is_here_is_not_pulled(workspace, engine, base_image):
    engine.images.get(base_image).tag("127.0.0.1:1/nowhere", "1")
    hcl = 'resource "docker_image" "here" {\n name = "127.0.0.1:1/nowhere:1"\n}'
    assert workspace.write(hcl).applied().destroy().ok


def test_an_image_that_cannot_be_pulled_says_from_where(workspace):
    hcl = 'resource "docker_image" "none" {\n name = "127.0.0.1:1/nothing:1"\n}'
    result = workspace.write(hcl).apply()
    assert 'The image "127.0.0.1:1/nothing:1" is not here and cannot be pulled' in result.errors
    assert "127.0.0.1:1" in result.errors


def test_a_container_pulls_its_missing_image_at_create(workspace):
    hcl = (
        'resource "docker_container" "c" {\n name = "${var.prefix}-c"\n image = "127.0.0.1:1/x"\n}'
    )
    result = workspace.write(hcl).apply()
    assert 'The image "127.0.0.1:1/x" is not here and cannot be pulled' in result.errors
    assert workspace.state() == {}


def test_images_cannot_be_imported_as_in_the_real_provider(context):
    result = context.write(image()).terraform("import", "-no-color", "docker_image.app", "x")
    assert "docker_image cannot be imported" in result.output


def test_a_tag_gives_an_image_another_name_and_stays_after_destroy(workspace, engine, prefix):
    workspace.write(
        """
data "docker_image" "base" {
  name = local.base
}
resource "docker_tag" "release" {
  source_image = data.docker_image.base.id
  target_image = "${var.prefix}-app:release"
  tag_triggers = ["1"]
}
"""
    ).applied()
    assert workspace.plan().actions == {}
    state = workspace.state()["docker_tag.release"]
    assert state["source_image_id"] == engine.images.get(f"{prefix}-app:release").id
    engine.images.remove(f"{prefix}-app:release")
    assert workspace.plan().actions == {"docker_tag.release": "create"}
    assert workspace.applied().destroy().ok
    assert engine.images.get(f"{prefix}-app:release")


def test_tagging_what_does_not_exist_is_an_error(workspace, prefix):
    result = workspace.write(
        'resource "docker_tag" "x" {\n source_image = "${var.prefix}-x"\n target_image = "y"\n}'
    ).apply()
    assert f'There is no image "{prefix}-x" to tag' in result.errors


def test_a_data_source_says_which_image_is_missing(workspace, prefix):
    result = workspace.write('data "docker_image" "x" {\n  name = "${var.prefix}-x"\n}').apply()
    assert f'The engine has no image "{prefix}-x"' in result.errors
