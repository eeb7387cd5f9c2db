"""A page to try a model in the browser: `answer` is what it says of a file, `page` how it looks, `server` who
may see what."""
