"""The preflight checks, one a file; each module's `CHECK` is found by walking this package."""
