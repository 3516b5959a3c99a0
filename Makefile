.PHONY: install install-dev demo test proof proof-status check docs lock

install:          ## Fill .venv/ with the locked dependencies
	scripts/install

install-dev:      ## The same, with the tools and peers of the tests
	scripts/install --dev

demo: install     ## Start a node, send it the synthetic study, show what comes back; Ctrl-C stops (DEMO=--exit: stops by itself)
	.venv/bin/axspa-node demo $(DEMO)

test: install-dev ## All tests, peers included
	scripts/test

proof: install-dev ## All that takes longer than make test, part by part; a part alone: make proof-NAME (AGAIN=--again: anew)
	.venv/bin/python -m tests.proof run $(AGAIN)

proof-%: install-dev
	.venv/bin/python -m tests.proof run $* $(AGAIN)

proof-status:     ## Which parts are green, red, missing or stale for this commit
	.venv/bin/python -m tests.proof status

check: install-dev
	scripts/check

docs: install-dev ## Serve the documentation on http://127.0.0.1:8000
	.venv/bin/mkdocs serve

lock:             ## Write the lock files anew
	scripts/lock
