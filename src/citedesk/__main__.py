"""Run the command line as `python -m citedesk`."""

from citedesk.cli import main

if __name__ == "__main__":
    main()
