"""Speaking to PSPs: one question over one wire, in the dialect of one folder."""
