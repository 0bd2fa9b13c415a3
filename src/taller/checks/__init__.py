"""The check engine: rubrics written as functions, run on facts."""

from taller.checks import standard
from taller.checks.engine import Check, check, load_checks, needs, run_checks
from taller.checks.facts import Facts

__all__ = ["Check", "Facts", "check", "load_checks", "needs", "run_checks", "standard"]
