"""What officials set right becomes a better model, tried against the old one before it serves."""
