"""The Titanic pipeline: ingest, transform, features, train, evaluate, predict."""
