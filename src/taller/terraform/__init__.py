"""The one gateway for every Terraform call: typed results, decisions on JSON alone."""

from taller.terraform.errors import Diagnostic, StateLocked, TerraformError, TerraformTimeout
from taller.terraform.gateway import Terraform
from taller.terraform.locks import LockInfo
from taller.terraform.results import (
    Action,
    Applied,
    Event,
    Output,
    Plan,
    ResourceChange,
    State,
    StateResource,
    TestReport,
    TestRun,
    Validation,
    Version,
)
from taller.terraform.version import MINIMUM, locate

__all__ = [
    "MINIMUM",
    "Action",
    "Applied",
    "Diagnostic",
    "Event",
    "LockInfo",
    "Output",
    "Plan",
    "ResourceChange",
    "State",
    "StateLocked",
    "StateResource",
    "Terraform",
    "TerraformError",
    "TerraformTimeout",
    "TestReport",
    "TestRun",
    "Validation",
    "Version",
    "locate",
]
