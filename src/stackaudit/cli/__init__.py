"""The front door: options in, text and exit status out."""
