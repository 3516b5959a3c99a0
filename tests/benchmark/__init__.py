"""Speed, memory and size, measured by a command that anyone can start; it writes the page that holds the figures."""
