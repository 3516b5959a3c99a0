"""One file for each job: what it selects, runs and finds."""
