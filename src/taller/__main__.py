"""``python -m taller``."""

from taller.cli import main

main()
