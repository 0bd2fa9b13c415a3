"""What a notebook holds.

Every call returns an object that shows itself (HTML in JupyterLab, text elsewhere) and that Python
can use. Whatever goes wrong raises ``LabError``: Spanish, without a traceback, at the student's own
cell and line; under papermill the cell fails.

A notebook::

    from taller import Lab, chosen_prefix
    prefix = chosen_prefix()             # TALLER_PREFIX, what 00 asked for and kept, or "dev"
    lab = Lab("ej01", prefix=prefix)     # an exercise: "ej01" … "ej08"
    lab = Lab("leccion-03", prefix=prefix)          # a lesson: an empty workspace of its own
    lab = Lab("infra", prefix=prefix)    # the reference infra/, copied into the workspace

    %%hcl main.tf                        # saves the cell into the newest lab's workspace
    %%hcl modules/data_layer/volumes.tf  # subfolders too; .tf, .tfvars, .tftest.hcl …

The variables ``prefix``, ``root_path`` (folder with the Dockerfile), ``base_image`` and
``build_args``, and the exercise's ``[variables]``, are given to every configuration that declares
them; nothing happens when it does not. Others go with the call: ``lab.plan(image_tag="v2")``.

Terraform (``init`` runs by itself when it is needed)::

    lab.validate()                       # → Validation: .valid, .diagnostics
    lab.fmt()                            # rewrites the workspace's files as terraform fmt does
    lab.plan(*, destroy=False, refresh_only=False, targets=(), replace=(), **variables)
        # → PlanView: .changes .to_create .to_change .to_destroy .to_replace (addresses), .empty,
        #   .drift, .outputs, .counts, .raw (plan JSON), plan["docker_volume.raw"].after["name"]
    lab.apply(plan=None, *, targets=(), replace=(), **variables)
        # the plan just made is applied when nothing changed since → AppliedView: .added .changed
        # .destroyed .seconds, .outputs
    lab.output()                         # → Outputs, a mapping: lab.output()["raw_volume"]
    lab.state_list()                     # → tuple of addresses
    lab.state()                          # → State of taller.terraform (resources with values)
    lab.destroy(*, targets=(), **variables)         # → AppliedView
    lab.graph()                          # dependency graph, drawn; str() of it: DOT
    lab.test(*filters, **variables)      # terraform test → a table; .passed, .runs
    lab.init(*, upgrade=False, reconfigure=False, migrate_state=False, backend_config=None)
    lab.terraform("state", "list")       # any other command → Output: .stdout, .stderr, .returncode
                                         # (raises unless check=False)

Docker, only what belongs to this run::

    lab.docker.volumes()  .images()  .containers()  .networks()   # tables; iterable rows (dicts)
    lab.docker                           # all four
    lab.docker.logs("dev_train_local1")  # text
    lab.docker.remove_volume("dev_raw")  # the drift button; only own objects
    lab.docker.remove_container(name)
    lab.docker.read("dev_models", "metrics.json")   # bytes of a file in a volume
    lab.docker.ls("dev_gold")            # the files in a volume, with sizes

Pictures and the pipeline::

    lab.picture()                        # SVG of what exists now; lab.picture(lab.plan()) of a plan
    lab.stage("ingest", **environment)   # a stage of titanic in this process's environment
    lab.stage("ingest", container=True)  # the same in a container of the run's own image
    lab.data                             # folder where stages run locally keep their layers

Checks (exercises only)::

    lab.values(motivo="…")               # hands over what the notebook computed (JSON values)
    lab.check()                          # the card with every check; a wrong answer does not raise
    lab.check("plan_is_empty", …)        # the card of these; raises AssertionError when one fails
    lab.hint("plan_is_empty", 1)         # level 1, 2 or 3

Files and the end::

    lab.files()                          # what the workspace holds, and from which cell it came
    lab.remove("viejo.tf")               # forgets a file (a copy stays in .taller/previous)
    lab.write("x.tf", text)              # %%hcl for programs
    lab.copy_modules("shared", "registry")  # from infra/modules: source = "./modules/registry"
    lab.use()                            # %%hcl writes here again, when a notebook has two labs
    lab.teardown()                       # the last cell: destroy, remove leftovers, stop the
                                         # provider, empty the workspace; idempotent; an exercise's
                                         # points stay (keep=False: nothing)
    taller.progress_table()              # table of all exercises with the points reached
"""

from taller.lab import magic
from taller.lab.errors import LabError
from taller.lab.lab import Lab
from taller.lab.prefix import ask_prefix, chosen_prefix
from taller.lab.student_progress import progress_table

__all__ = ["Lab", "LabError", "ask_prefix", "chosen_prefix", "progress_table"]

magic.register()
