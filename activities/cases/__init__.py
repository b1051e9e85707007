"""Cases: what needs a person, with both sides' facts."""
