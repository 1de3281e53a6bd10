"""One drill a file: what must survive, and how it is tried. They are found by looking in this room."""
