"""How the bundled model is made. Nothing in `assistant` imports this package."""
