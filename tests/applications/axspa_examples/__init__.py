"""Three small applications for axspa-node: a threshold, 25 graded sites, and one picture without a place."""
