"""The commands of ``taller``, one module each; nothing heavy is imported at their top."""
