"""Method 2: what is not known is not calm.

One module a section of its specification: ``inputs`` 1 and 2, ``axes`` and ``balance`` 3, ``corridors`` 4, ``past`` 5,
``regime`` 6, ``scenarios`` 7, ``triggers`` 8, ``around`` 9, ``baseline`` 10. None means: not known.
"""
