"""Is everything here that the workshop needs? And if not: get it, or say how."""

from taller.doctor.finding import Finding
from taller.doctor.image import base_image, pip_build_args
from taller.doctor.run import PARTS, examine, repair

__all__ = ["PARTS", "Finding", "base_image", "examine", "pip_build_args", "repair"]
