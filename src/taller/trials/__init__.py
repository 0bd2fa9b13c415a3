"""Tries answers on purpose: changes of the official ones, and cases with a verdict of their own."""
