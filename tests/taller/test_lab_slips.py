"""What a beginner types in a notebook that is neither Terraform's fault nor Docker's."""

from collections.abc import Iterator

import docker
import pytest
from tests.taller.test_lab_kernel import VERSIONS, VOLUME, Kernel

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def kernel(
    tmp_path_factory: pytest.TempPathFactory, engine: docker.DockerClient
) -> Iterator[Kernel]:
    """One kernel with exercise 1 open and the provider declared, for all slips."""
    folder = tmp_path_factory.mktemp("slips")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TALLER_HOME", str(folder / "home"))
        opened = Kernel(folder)
        opened.run('from taller import Lab\nlab = Lab("ej01", prefix="slips")')
        opened.run(VERSIONS)
        yield opened
        opened.run("lab.teardown()")
        opened.close()


SLIPS = {
    '%%hlc main.tf\nresource "a" "b" {\n}': "«%%hlc» no existe",
    '%%HCL main.tf\nresource "a" "b" {\n}': "con dos % y en minúsculas: %%hcl main.tf",
    '%hcl main.tf\nresource "a" "b" {\n}': "«%hcl» no existe",
    '# nota\n%%hcl red.tf\nresource "a" "b" {\n}': "primero «%%hcl red.tf»",
    'resource "docker_volume" "raw" {\n  name = "x"\n}': "no dice en qué archivo se guarda",
    "%%hcl main\nlocals {\n}": "¿querías decir «main.tf»?",
    "%%hcl main.tfs\nlocals {\n}": "¿querías decir «main.tf»?",
    "%%hcl main .tf\nlocals {\n}": "Escribe, por ejemplo: %%hcl main.tf",
    '%%hcl "main.tf"\nlocals {\n}': "sin comillas",
    "terraform plan": "Aquí es: lab.plan()",
    "docker volume ls": "lab.docker",
    "lab.aply()": "¿Querías decir lab.apply()?",
    "lab.docker.volume()": "¿Querías decir lab.docker.volumes()?",
    "lab.docker.log('x')": "¿Querías decir lab.docker.logs()?",
    "lab.plan": "Faltan los paréntesis: lab.plan()",
    "lab.docker.volumes": "Faltan los paréntesis: lab.docker.volumes()",
    "lab.teardown(kep=True)": "¿Querías decir keep=…?",
    "lab.docker.logs('x', tali=3)": "¿Querías decir tail=…?",
    "lab.hint()": "Se usa así: lab.hint(check_id, level=…)",
    "Lab.plan()": "Primero se abre un lab",
    "Lab('ej01', prefijo='x')": "¿Querías decir prefix=…?",
    "Lab('ej9', prefix='x')": "Los que hay: ej01,",
    "Lab('ej1', prefix='x')": "¿Querías decir ej01?",
    "Lab('Ejercicio 3', prefix='x')": "¿Querías decir ej03?",
    "Lab(ej01)": "le faltan las comillas",
    "lab.check(raw_volume_exists)": "le faltan las comillas",
    "lba.plan()": "¿Querías decir «lab»?",
    'lab.terraform("terraform plan")': 'Escribe: lab.terraform("plan")',
    'lab.terraform("state list")': 'Escribe: lab.terraform("state", "list")',
}


@pytest.mark.parametrize(("cell", "says"), SLIPS.items(), ids=[cell[:24] for cell in SLIPS])
def test_a_slip_in_a_cell_is_explained_without_a_traceback(
    kernel: Kernel, cell: str, says: str
) -> None:
    shown = " ".join(kernel.run(cell).split())
    assert says in shown
    assert "Traceback" not in shown


def test_an_option_that_is_no_variable_is_proposed(kernel: Kernel) -> None:
    assert "¿Querías decir targets=…?" in kernel.run('lab.plan(target=["a"])')


def test_python_of_the_students_own_fails_as_python_does(kernel: Kernel) -> None:
    assert "Traceback" in kernel.run('"x".aply()')
    assert "Traceback" in kernel.run("sin_relacion_alguna")
    assert "Traceback" in kernel.run("len(1)")


def test_a_name_that_a_failed_cell_should_have_made_points_to_that_cell(kernel: Kernel) -> None:
    kernel.run('%%hcl main.tf\nresource "docker_volume" "raw" {\n  nmae = "x"\n}\n')
    failed = kernel.run("plan = lab.plan()")
    number = len(kernel.client.nb.cells)
    assert "✗ terraform plan" in failed
    shown = kernel.run("plan.to_create")
    assert f"«plan» no existe, porque la celda [{number}]" in shown
    assert "El último lab.plan() terminó con un error" in kernel.run("lab.output()")
    assert "El último lab.plan() terminó con un error" in kernel.run("lab.picture()")
    assert "El último lab.plan() terminó con un error" in kernel.html("lab.picture()")
    kernel.run(VOLUME)
    kernel.run("plan = lab.plan()")
    assert "docker_volume.raw" in kernel.run("plan.to_create")
    assert "terminó con un error" not in kernel.run("lab.output()")


def test_an_unknown_output_or_address_is_named_with_those_that_there_are(kernel: Kernel) -> None:
    kernel.run(VOLUME)
    assert "Los que hay: ninguno todavía" in kernel.run('lab.output()["raw"]')
    assert "Los recursos del plan: docker_volume.raw" in kernel.run('lab.plan()["docker_volume.w"]')


def test_a_plan_with_changes_is_what_exit_code_2_says_and_no_error(kernel: Kernel) -> None:
    kernel.run(VOLUME)
    shown = kernel.run('lab.terraform("plan", "-detailed-exitcode", "-input=false")')
    assert "✗" not in shown
    assert "código de salida 2: hay cambios" in shown


def test_a_skipped_cell_is_named_and_not_the_next_one(kernel: Kernel) -> None:
    kernel.run('lab.remove("versions.tf")')
    kernel.run(VOLUME)
    shown = kernel.run("lab.plan()")
    kernel.run(VERSIONS)
    assert "¿Te has saltado la celda que empieza por «%%hcl versions.tf»?" in shown
