# Two commands: `make run` and `make test`. The rest is for developers.
# Any Python 3 starts the installer; a version manager's shim may refuse this folder's version.
PYTHON := $(firstword $(foreach python,python3 /usr/local/bin/python3 /usr/bin/python3,\
            $(shell $(python) -c 'print("$(python)")' 2>/dev/null)) python3)
INSTALL := $(PYTHON) deploy/install
XIANGYIN := .venv/bin/xiangyin
# The simulator is for trying things out: on here, off unless switched on elsewhere.
run: export XIANGYIN_SIMULATOR ?= true

.PHONY: help run demo install test test-install lint format durability-mo pictures clean
.DEFAULT_GOAL := help

help:
	@echo 'make run      安装、训练并启动乡音（Ctrl-C 停止）   install, train and start'
	@echo 'make demo     同上，但给一个演示县（六个乡镇，几百件诉求）    the same with a demo county'
	@echo 'make test     安装测试所需并运行全部测试             install what tests need, run all'
	@echo 'make lint     ruff 与 mypy                            make format 整理代码格式'
	@echo 'make bench-X  运行 benchmarks/X.py，X 如 turn          run one benchmark'
	@echo 'make durability-mo  十万条上行短信，收信进程被强杀十次   100,000 MO, ten kills'
	@echo 'make pictures 重拍 README 里的图（docs/pictures/）      take the pictures of the README'
	@echo 'make clean    删除安装的环境，保留 var/ 里的数据       remove all but var/'
	@echo '$(XIANGYIN) --help   更多命令'

run: install
	@exec $(XIANGYIN) run --train

demo: install
	@exec $(XIANGYIN) demo $(if $(AGAIN),--again)

install:
	@$(INSTALL) app bot assets

test-install:
	@$(INSTALL) dev bot-dev dev-assets services

test: test-install
	@$(XIANGYIN) train
	@exec .venv/bin/python -m tests.suites

lint: test-install
	@.venv/bin/python -m tests.suites lint

format: test-install
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

bench-%: test-install
	@$(XIANGYIN) train
	@.venv/bin/python -m benchmarks.$(subst -,_,$*)

# 100,000 messages from citizens while the process that receives them is killed ten times.
durability-mo: bench-sms-mo-kills

# Of a demo county of its own, in a folder that is thrown away.
pictures: test-install
	@$(XIANGYIN) train
	@.venv/bin/python -m docs.pictures

clean:
	rm -rf .venv bot/.venv .tools node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
