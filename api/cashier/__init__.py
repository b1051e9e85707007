"""What the platform asks for its players."""
