# The commands of this project. `make run` and `make test` need nothing but Python 3.11 on Debian 12.
.PHONY: run test check lock messages
.SILENT:

run:  ## install what is missing and start: PORT=8000, DATA_DIR=var, DEMO=no, as in .env.example
	scripts/install.sh run
	.venv/bin/python -m readiness.run

test:  ## install what the tests need and run all of them
	scripts/install.sh test
	.venv/bin/python scripts/test.py

check:  ## the fast part: format, lint, types, layers, templates, migrations, translations, locks, framework
	scripts/install.sh test
	.venv/bin/python scripts/check.py

lock:  ## write requirements/*.txt anew from requirements/*.in
	scripts/lock.sh

messages:  ## bring locale/fr up to the texts of the code
	scripts/install.sh test
	.venv/bin/python scripts/translations.py write
