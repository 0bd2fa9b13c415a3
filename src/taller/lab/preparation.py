"""``terraform init``, only when something that it reads has changed."""

import re
from pathlib import Path

from taller.lab.cells import digest
from taller.lab.files import configuration
from taller.terraform import Terraform, TerraformError

_BLOCK = re.compile(r"^(?:terraform|module)\b[^\n]*\{.*?(?:^\}|\}[ \t]*$|\Z)", re.M | re.S)
"""The blocks that init reads: provider requirements, backend, module sources."""
_MODULE_SOURCE = re.compile(r"^\s*(?:source|version)\s*=.*$", re.M)
_FETCHED = re.compile(r"\b(?:module|backend|cloud)\b")
"""What init prepares, besides a provider that does not run already."""
_ASKS_FOR_INIT = re.compile(
    r"terraform init|not installed|initialization required|plugins? (?:are|is) not installed",
    re.IGNORECASE,
)


def init_key(folder: Path, provider: str) -> str:
    """A fingerprint of all that init reads: when it is the same, init would do nothing."""
    parts = [provider]
    for name in configuration(folder):
        text = (folder / name).read_text("utf-8", "replace")
        if name.suffix in (".tf", ".json", ".hcl"):
            parts += [str(name.parent), *_BLOCK.findall(text), *_MODULE_SOURCE.findall(text)]
        if name.name.endswith(".tf.json"):
            parts.append(text)
    return digest("\0".join(parts))


class Preparation:
    """Remembers, in a workspace, for which configuration init was run."""

    def __init__(self, folder: Path, provider: str) -> None:
        self._folder = folder
        self._provider = provider
        self._record = folder / ".taller" / "init.key"

    def ensure(self, terraform: Terraform) -> bool:
        """Run init if it is needed; return whether something that it reads had changed."""
        key = init_key(self._folder, self._provider)
        if self._record.is_file() and self._record.read_text("utf-8") == key:
            return False
        if not self._has_nothing_to_do():
            terraform.init()
        self.done()
        return True

    def _has_nothing_to_do(self) -> bool:
        """Whether init would leave nothing behind; plan says when a provider is missing."""
        if self._provider != "embedded" or (self._folder / ".terraform").exists():
            return False
        files = (self._folder / name for name in configuration(self._folder))
        return not any(_FETCHED.search(file.read_text("utf-8", "replace")) for file in files)

    def done(self) -> None:
        """Init has just been run."""
        self._record.write_text(init_key(self._folder, self._provider), "utf-8")

    def forget(self) -> None:
        """Let the next call run init."""
        self._record.unlink(missing_ok=True)


def asks_for_init(error: TerraformError) -> bool:
    """Whether Terraform itself says that init must be run first."""
    return any(_ASKS_FOR_INIT.search(f"{d.summary} {d.detail}") for d in error.diagnostics)
