"""The results for people and programs: text, JSON, and one page that needs nothing else."""
