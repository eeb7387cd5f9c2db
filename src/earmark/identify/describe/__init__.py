"""Numbers and pictures of single files: what is there to be heard, before anything is learned."""
