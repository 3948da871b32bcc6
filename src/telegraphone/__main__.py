"""Lets `python -m telegraphone` be the command line, wherever the script is not on the path."""

from telegraphone.cli import main

main()
