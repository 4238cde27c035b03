"""What people need, where, and whether it is getting better: figures for leaders."""
