"""`python -m xiangyin` is the command `xiangyin`."""

import sys

from xiangyin.cli import main

sys.exit(main())
