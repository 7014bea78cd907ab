"""What needs IPython: ``%llm_memo``, its live line, pictures."""
