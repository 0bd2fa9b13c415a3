"""Gives a workspace's Terraform the provider that was chosen."""

from typing import Any

from taller.provider.choice import ADDRESS, Choice, choose
from taller.provider.server import ensure_server
from taller.terraform import Terraform
from taller.workspace import Workspace


def terraform(workspace: Workspace, **options: Any) -> Terraform:
    """The gateway for a workspace; ``options`` are those of ``Terraform``.

    The provider process is looked for, and started when needed, at each call: it may have ended
    meanwhile.
    """
    choice = choose()
    return Terraform(
        workspace.folder, environment=lambda: environment(workspace, choice), **options
    )


def environment(workspace: Workspace, choice: Choice | None = None) -> dict[str, str]:
    """The variables that give Terraform its provider in this workspace."""
    choice = choice or choose()
    if choice.kind == "embedded":
        return {"TF_REATTACH_PROVIDERS": ensure_server(workspace).reattach}
    if choice.folder is None:
        return {}
    settings = workspace.private / "terraform.tfrc"
    settings.write_text(cli_configuration(choice), "utf-8")
    return {"TF_CLI_CONFIG_FILE": str(settings)}


def cli_configuration(choice: Choice) -> str:
    """A Terraform CLI configuration that takes the Docker provider from a mirror."""
    return (
        "provider_installation {\n"
        "  filesystem_mirror {\n"
        f'    path    = "{choice.folder}"\n'
        f'    include = ["{ADDRESS}"]\n'
        "  }\n"
        f'  direct {{ exclude = ["{ADDRESS}"] }}\n'
        "}\n"
    )
