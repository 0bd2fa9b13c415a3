"""The workshop: lab, checks, grader, doctor and command line."""
