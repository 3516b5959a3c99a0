"""The service: receive, complete, analyse, deliver; and the command line."""
