"""What training strives for: modules called with (embeddings, class numbers), giving a loss."""
