"""Where is it kept? Entries, their seal, the disk and what is held at hand in memory."""
