"""What the names that a function reads hold now."""
