"""What is proved of a policy before it counts."""
