"""Providers and slots: what can be had."""
