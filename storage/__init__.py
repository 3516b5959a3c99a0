"""What is kept: objects on disk and state in one database."""
