"""The subcommands of `xiangyin`: one module each, with `register(subcommands)`."""
