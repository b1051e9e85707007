"""One folder per PSP. Nobody imports from here: the catalog looks what there is."""
