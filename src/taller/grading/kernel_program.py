"""The notebook's kernel, as ``python -m``: ipykernel's own, with the provider's process beside it.

``TALLER_OPEN=PREFIX/NAME`` names the workspace whose provider that is.
"""

import os
import sys

from ipykernel.kernelapp import launch_new_instance

from taller.provider import fork_server
from taller.workspace import workspace


def main() -> None:
    """Start the provider, if its code is imported already, and then the kernel."""
    sys.path[:1] = [""]  # as ipykernel_launcher leaves it: the notebook's folder
    opened = os.environ.pop("TALLER_OPEN", "")
    if opened and "docker_provider.server" in sys.modules:
        fork_server(workspace(*opened.split("/")))
    launch_new_instance()


if __name__ == "__main__":
    main()
