"""The paper kit: from documents alone to tables, figures and prose for a paper.

``kit.paper_kit`` is a pure function from documents to files, and ``site.writing.write_site`` puts
them into a folder. Everything in a document may be a stranger's.
"""
