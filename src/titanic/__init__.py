"""The Titanic pipeline: ingest, transform, features, train, evaluate, predict."""

__version__ = "1.0.0"
