"""The main job: the whole platform up through Terraform, and a look at what it made."""

from taller.demo.artefacts import Layer, Model, read_layers, read_model
from taller.demo.platform import Platform, bring_up, stages
from taller.demo.report import write_pictures

__all__ = [
    "Layer",
    "Model",
    "Platform",
    "bring_up",
    "read_layers",
    "read_model",
    "stages",
    "write_pictures",
]
