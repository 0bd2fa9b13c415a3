"""python-terraform's argument builder, with time limits and an environment of its own."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import python_terraform

from taller import process
from taller.process import Completed

Flag = python_terraform.IsFlagged
"""The value of an option that is a bare flag, such as ``-json``."""

_INTERRUPT_GRACE_SECONDS = 120.0
"""How long Terraform may take to finish what it is doing and save the state."""

_UNSAFE = ("TF_CLI_ARGS", "TF_DATA_DIR", "TF_WORKSPACE", "TF_LOG")
"""A learner's own settings of these would change what our calls mean."""


class Command(python_terraform.Terraform):  # type: ignore[misc]  # python-terraform ships no types
    """One call of Terraform.

    python-terraform's own ``cmd`` knows neither time limits nor environments, and its ``apply``,
    ``destroy`` and ``init`` pass flags that Terraform 1.x refuses or that wait for an answer; its
    argument builder and its variable files are what is used.
    """

    def __init__(self, folder: Path, binary: str, environment: Mapping[str, str]) -> None:
        super().__init__(working_dir=str(folder), terraform_bin_path=binary)
        self._environment = environment

    def read_state_file(self, file_path: str | None = None) -> None:
        """Do nothing: the state is asked of Terraform, which knows every backend."""

    def cmd(
        self,
        cmd: str,
        *args: str,
        timeout: float,
        on_line: Callable[[str], None] | None = None,
        **options: Any,
    ) -> Completed:
        """Run ``terraform CMD -OPTIONS ARGS``; a dict becomes a temporary variables file."""
        arguments = self.generate_cmd_string(cmd, *args, **options)
        try:
            return process.run(
                arguments, timeout=timeout, cwd=Path(self.working_dir), env=self._environment,
                on_line=on_line, grace=_INTERRUPT_GRACE_SECONDS,
            )  # fmt: skip
        finally:
            self.temp_var_files.clean_up()


def exported(variables: Mapping[str, Any]) -> dict[str, str]:
    """Variables as the environment carries them: text as it is, the rest as JSON (HCL reads it).

    Of all ways to give a value this is the weakest: a ``terraform.tfvars`` wins.
    """
    return {
        f"TF_VAR_{name}": value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in variables.items()
    }


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of a Terraform call: the current one, made predictable, plus ``extra``."""
    found = {k: v for k, v in os.environ.items() if not k.startswith(_UNSAFE)}
    configuration = found.get("TF_CLI_CONFIG_FILE")
    if configuration and not Path(configuration).is_file():
        del found["TF_CLI_CONFIG_FILE"]  # Terraform would warn about it at every call
    # Calls are short: Go's collector would take a quarter of their processor time.
    own = {"GOGC": "400"} | found
    fixed = {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1"}
    return own | fixed | dict(extra)
