"""The static site: from documents alone to files that any web server, or none, can show.

``build.site`` is a pure function from documents to files; ``writing.write_site`` puts them into a
folder. Everything in a document may be a stranger's: it is bounded and escaped, and names of files
are made of letters, digits and digests only. Pages ask nothing of any other host.
"""
