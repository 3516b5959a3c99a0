"""What is read and what is not: real patients, simulated ones, and pictures that show no sacroiliac joint."""
