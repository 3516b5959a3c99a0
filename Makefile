.PHONY: install install-dev demo test check docs lock

install:          ## Fill .venv/ with the locked dependencies
	scripts/install

install-dev:      ## The same, with the tools and peers of the tests
	scripts/install --dev

demo: install     ## Start a node, send it the synthetic study, show what comes back; Ctrl-C stops (DEMO=--exit: stops by itself)
	.venv/bin/axspa-node demo $(DEMO)

test: install-dev ## All tests, peers included
	scripts/test

check: install-dev
	scripts/check

docs: install-dev ## Serve the documentation on http://127.0.0.1:8000
	.venv/bin/mkdocs serve

lock:             ## Write the lock files anew
	scripts/lock
