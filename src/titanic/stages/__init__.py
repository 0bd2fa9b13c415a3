"""One module a stage, each with a public ``run``."""
