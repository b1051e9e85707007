"""What every fake PSP does alike: its process, faults, deliveries, journal, pages."""
