"""The notebook's kernel, as ``python -m``: ipykernel's own, with the provider's process beside it.

``TALLER_OPEN=PREFIX/NAME`` names the workspace whose provider that is.
"""

import os
import sys
from typing import Any

from ipykernel.iostream import OutStream
from ipykernel.kernelapp import launch_new_instance
from IPython.core.formatters import DisplayFormatter

from taller.provider import fork_server
from taller.workspace import workspace

_FLUSH_SECONDS = 0.005
"""How long output is gathered: in ipykernel's own 0.2 s an endless print makes one message of
hundreds of megabytes, which is cut off before anybody can tell that it was output."""


def main() -> None:
    """Start the provider, if its code is imported already, and then the kernel."""
    sys.path[:1] = [""]  # as ipykernel_launcher leaves it: the notebook's folder
    opened = os.environ.pop("TALLER_OPEN", "")
    if opened and "docker_provider.server" in sys.modules:
        fork_server(workspace(*opened.split("/")))
    sys.modules.pop("taller.lab", None)  # imported again, in the notebook, it registers its magic
    OutStream.flush_interval = _FLUSH_SECONDS
    DisplayFormatter.format = _nothing  # type: ignore[method-assign] # nobody looks at this kernel
    launch_new_instance()


def _nothing(*_: Any, **__: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """How a result shows itself, and its metadata: not at all."""
    return {}, {}


if __name__ == "__main__":
    main()
