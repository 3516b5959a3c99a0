"""Settings, errors and logging: the ground floor, which imports nothing else of ours."""
