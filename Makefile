# `make` lists what there is; every target is one line that calls ./dev. The lines marked with a
# star are the main ones. Options go into ARGS: make test ARGS="unit -- -k price".
# Another Odoo: SERIES=16.0 ODOO=/path/to/odoo PYTHON=/path/to/python make test

.DEFAULT_GOAL := help
.PHONY: help run smoke test bench chaos dist lint setup clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## * Odoo, PostgreSQL and the sandbox marketplace with demo data; prints the addresses
	@./dev run $(ARGS)

smoke: ## * the main job once, unattended: a table of what arrived where, and how fast
	@./dev smoke $(ARGS)

test: ## * all tests; ARGS=full with the slow ones, parts with ARGS="unit odoo mrp batch e2e faults smoke browser chaos", options for pytest after --
	@./dev test $(ARGS)

bench: ## measure the performance budgets
	@./dev bench $(ARGS)

chaos: ## fail, kill, race and load it, and report the result; ARGS="--seed 7", --short, --hour
	@./dev chaos $(ARGS)

dist: ## dist/<series>: the addon for each Odoo, as folder and zip; some with ARGS="16.0 17.0"
	@./dev dist $(ARGS)

lint: ## * check the source; ARGS=--fix repairs what can be repaired
	@./dev lint $(ARGS)

setup: ## prepare everything now instead of at the first use
	@./dev setup $(ARGS)

clean: ## remove everything that was made (.dev)
	@./dev clean $(ARGS)
