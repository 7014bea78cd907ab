"""An answer as plain data, and back."""
