"""Code that runs in other interpreters: standard library only, Python 3.8 syntax, imports nothing of ours."""
