"""From one submission's answers to its verdict."""
