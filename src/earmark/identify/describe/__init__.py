"""Numbers and pictures of single files, without a trained model."""
