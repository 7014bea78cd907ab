"""What calls run on: the event loop, threads, contexts, the environment, forks."""
