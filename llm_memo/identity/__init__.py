"""Which question is this? From a call to the key that names it."""
