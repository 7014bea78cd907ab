"""What code reads and writes, from its syntax tree alone: a tree in, reads out, nothing is run."""
