"""HCL read without running it: its blocks, what they refer to, and what may not stand in them."""

from taller.hcl.reader import Block, Hcl, HclError, parse, read_folder

__all__ = ["Block", "Hcl", "HclError", "parse", "read_folder"]
