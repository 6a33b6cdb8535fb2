"""What keeps a model outside from harming us: a breaker, a budget, and what is told of both. Knows no model."""
