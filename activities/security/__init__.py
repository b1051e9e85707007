"""What was refused at our doors, PSPs' and callers' alike."""
