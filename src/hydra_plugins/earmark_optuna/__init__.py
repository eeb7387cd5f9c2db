"""What Hydra finds as `hydra/sweeper=optuna`: it takes plugins from the package `hydra_plugins` only."""
