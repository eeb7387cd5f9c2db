"""A page to try a model in the browser.

`answer` has its content, `page` its form, `server` its address and headers.
"""
