"""What several processes do alike."""
