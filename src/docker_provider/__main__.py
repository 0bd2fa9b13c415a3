"""``python -m docker_provider``: serve, install, or be launched by Terraform."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

MAGIC_COOKIE = (
    "TF_PLUGIN_MAGIC_COOKIE",
    "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
)
"""How Terraform tells a provider that it is Terraform (public, the same for every provider)."""

NOT_BY_HAND = """\
This is the embedded Terraform provider for registry.terraform.io/kreuzwerker/docker.
Terraform starts it; by hand there are two ways to use it:

  python -m docker_provider serve               keep it running, for TF_REATTACH_PROVIDERS
  python -m docker_provider install MIRROR_DIR  write a filesystem mirror for terraform init
"""


def main(arguments: Sequence[str]) -> int:
    """Run one command; returns the process's exit code."""
    if not arguments:
        return _launched()
    options = _parser().parse_args(arguments)
    if options.command == "install":
        return _install(options.mirror)
    from docker_provider.server import configure_log, serve

    configure_log(options.log)
    serve(options.socket, options.idle_timeout)
    return 0


def _install(mirror: Path) -> int:
    from docker_provider.errors import ProviderError
    from docker_provider.mirror import install

    try:
        print(install(mirror))
    except ProviderError as problem:
        print(f"{problem.summary}: {problem.detail}", file=sys.stderr)
        return 1
    return 0


def _launched() -> int:
    name, value = MAGIC_COOKIE
    if os.environ.get(name) != value:
        print(NOT_BY_HAND, file=sys.stderr, end="")
        return 2
    from docker_provider.server import configure_log, launched

    configure_log(None)
    launched()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m docker_provider", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="keep running; prints TF_REATTACH_PROVIDERS' value")
    serve.add_argument("--socket", type=Path, help="the Unix socket's path (default: a new one)")
    serve.add_argument("--idle-timeout", type=float, help="end after so many seconds unused")
    serve.add_argument("--log", type=Path, help="the log's file (default: standard error)")
    install = commands.add_parser("install", help="write an unpacked filesystem mirror")
    install.add_argument("mirror", type=Path, metavar="MIRROR_DIR")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
