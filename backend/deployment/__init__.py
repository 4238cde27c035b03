"""What a deployment changes of the shipped data, and its set-up."""
