"""What the tests are made of: one way to make each thing."""
