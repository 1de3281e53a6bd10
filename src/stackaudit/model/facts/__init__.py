"""Facts: what the machine, the registry and the services showed, verbatim; no judgment. One module a subject."""
