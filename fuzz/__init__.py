"""What is thrown at the code that reads what strangers send; `python -m fuzz TARGET --seconds 60`.

A target is a module here with

    ARGUMENTS  hypothesis strategies, by the names of the parameters of `check`
    check      takes one example of each; an exception is a finding
"""
