"""What the plugin brings along to be judged by; nothing of it is in its certificate."""
