"""What is promised about time and space, measured: ``make bench``.

Every figure is a ratio of two things that took turns in one run, so that a slow or busy machine slows both.
"""
