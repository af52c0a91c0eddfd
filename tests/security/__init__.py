"""Nobody gets in who should not, and nobody learns what he should not: see catalogue.py."""
