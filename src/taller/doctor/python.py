"""Python itself."""

import platform
import sys

from taller.doctor.finding import Finding
from taller.progress import Progress

NAME = "Python"
_MINIMUM = (3, 11)


def check() -> Finding:
    """Whether this Python is recent enough."""
    version = platform.python_version()
    if sys.version_info >= _MINIMUM:
        return Finding(NAME, "found", version, sys.executable)
    return Finding(
        NAME, "missing", version, f"{sys.executable} es demasiado antiguo.",
        "Instala Python 3.12 y repite «make demo».",
    )  # fmt: skip


def fix(progress: Progress) -> None:
    """Nothing can be done from inside: ``make`` picks the Python."""
    progress.say("  El Python lo elige «make»; desde aquí no se puede cambiar.")
