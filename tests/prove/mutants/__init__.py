"""Small faults made at random in copies of our own source: which of them does nobody notice?"""
