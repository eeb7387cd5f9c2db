"""A bundle behind a REST endpoint: as an MLflow model that is registered, compared and served."""
