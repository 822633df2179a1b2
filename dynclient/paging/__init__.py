"""The items of an operation that responds in pages.

style.py   how the pages of an operation follow one another: told, or found in the document
links.py   the field Link of a response
walk.py    one page after the other, as commands
pages.py   what a caller iterates
"""
