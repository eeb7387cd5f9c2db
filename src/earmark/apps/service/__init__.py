"""A model as a web service: a file in, a verdict in JSON out.

`application` has its routes, `upload` receives music, `figures` counts, `running` starts and ends it.
"""
