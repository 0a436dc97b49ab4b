# The commands of this project. `make run` and `make test` need nothing but Python 3.11 on Debian 12.
.PHONY: run test bench check security lock messages
.SILENT:

run:  ## install what is missing and start: PORT=8000, DATA_DIR=var, DEMO=no, as in .env.example
	scripts/install.sh run
	.venv/bin/python -m readiness.run

test:  ## install what the tests need and run all of them
	scripts/install.sh test
	.venv/bin/python scripts/test.py

bench:  ## measure every row of DESIGN's budgets with a world of 192 countries (docs/operations.md): at most 20 minutes
	scripts/install.sh test
	.venv/bin/python -m tests.bench

check:  ## the fast part: format, lint, types, layers, templates, migrations, translations, locks, framework
	scripts/install.sh test
	.venv/bin/python scripts/check.py

security:  ## scan code, settings and a private running site, and send 20,000 broken inputs; about 15 minutes
	scripts/install.sh test
	.venv/bin/python scripts/security.py

lock:  ## write requirements/*.txt anew from requirements/*.in
	scripts/lock.sh

messages:  ## bring locale/fr up to the texts of the code
	scripts/install.sh test
	.venv/bin/python scripts/translations.py write
