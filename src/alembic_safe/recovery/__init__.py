"""What is true of a broken target, and the ways out of it."""
