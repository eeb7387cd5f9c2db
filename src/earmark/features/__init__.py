"""Front ends: from sound to what an encoder sees."""
