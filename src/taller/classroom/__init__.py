"""One Docker Engine for a whole class: for each student a guard, and a way in that is its own."""
