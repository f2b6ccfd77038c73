# `make demo` and `make test` install everything that they need into folders of this tree.
# You need python3 (3.10 to 3.13) with venv, git and make. A GPU is used if there is one.

PYTHON ?= python3
INPUT ?=
TOPIC ?=
OUTPUT ?= demo_output
ARGS ?=

SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test test-kilted test-jazzy test-long test-grid test-archive soak lint pictures clean

# The virtual environment is a ROS prefix: rclpy and the messages come as wheels from PyPI.
KILTED := .venv
JAZZY := .venv-jazzy
ROS_OF = env AMENT_PREFIX_PATH=$(CURDIR)/$(1) PATH=$(CURDIR)/$(1)/bin:$$PATH

help:
	@echo "make demo [INPUT=bag|video|folder] [TOPIC=of the bag]  play a recording to the node and record what it makes of it"
	echo "make test                                              linters, then all tests (with CI=true on two ROS releases)"
	echo "make test-long                                         the long forms of some tests, about half an hour"
	echo "make test-grid                                         every network through all its tests, half an hour"
	echo "make test-archive                                      the tests of lwrf archive, with Ray and an S3 server"
	echo "make soak [ARGS='--minutes 10']                        run the node under faults for some minutes"
	echo "make lint                                              linters only"
	echo "make pictures                                          make the README's pictures again (needs Chromium)"
	echo "make clean                                             remove what the other targets made"

# Only the constraints pin; the dependencies' ranges are in setup.py.
$(KILTED)/.ready: constraints/kilted.txt setup.py package.xml
	@.ci/make_environment $(PYTHON) $(KILTED) $<

# A GPU's kernels are compiled and interpreted in tests, without a GPU: hundreds of megabytes that
# nothing else needs.
$(KILTED)/.triton: $(KILTED)/.ready
	@$(KILTED)/bin/pip install --quiet --disable-pip-version-check \
		--constraint constraints/kilted.txt --editable '.[triton]'
	touch $@

$(JAZZY)/.ready: constraints/jazzy.txt setup.py package.xml
	@.ci/make_environment $(PYTHON) $(JAZZY) $<

demo: $(KILTED)/.ready
	@$(call ROS_OF,$(KILTED)) lwrf demo $(if $(INPUT),--input "$(INPUT)") $(if $(TOPIC),--bag-topic "$(TOPIC)") --output "$(OUTPUT)" $(ARGS)

lint: $(KILTED)/.ready
	@$(KILTED)/bin/ruff check .
	$(KILTED)/bin/ruff format --check .
	$(KILTED)/bin/mypy

test: lint test-kilted $(if $(filter true,$(CI)),test-jazzy)

test-kilted: $(KILTED)/.ready $(KILTED)/.triton
	@$(call ROS_OF,$(KILTED)) python -m pytest $(ARGS)

# What depends on the ROS release: the node and the tools that talk to it. Of these, what takes long
# and hangs on this package's own code runs on Kilted alone.
test-jazzy: $(JAZZY)/.ready
	@$(call ROS_OF,$(JAZZY)) python -m pytest $(ARGS) test/node \
		$(foreach subject,every_network hostile overload reconfigure,--ignore=test/node/test_$(subject).py) \
		$(foreach verb,info play_record transport,test/cli/test_$(verb).py) \
		test/replay/test_pytest_plugin.py

# Left out of `make test`; docs/reliability.md has the last results.
test-long: $(KILTED)/.ready
	@$(call ROS_OF,$(KILTED)) python -m pytest -m long $(ARGS)

# Every backbone with every decoder; `make test` has a part that holds each of them.
test-grid: $(KILTED)/.ready
	@$(call ROS_OF,$(KILTED)) python -m pytest -m grid $(ARGS)

# Of `lwrf archive`, with Ray, a server that speaks S3 and what else only it needs.
test-archive: $(KILTED)/.ready
	@$(KILTED)/bin/pip install --quiet --disable-pip-version-check --editable '.[test-archive]'
	$(call ROS_OF,$(KILTED)) python -m pytest $(ARGS) test/archive

# The README's, of docs/images; needs Chromium.
pictures: $(KILTED)/.ready
	@$(call ROS_OF,$(KILTED)) python docs/images/make_pictures.py

soak: $(KILTED)/.ready
	@$(call ROS_OF,$(KILTED)) lwrf soak $(ARGS)

clean:
	@rm -rf $(KILTED) $(JAZZY) build install log demo_output *.egg-info
