"""Pages to look at in a browser: one file each, with all that it shows in it."""
