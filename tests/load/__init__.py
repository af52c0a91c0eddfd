"""The load test behind `run.py load`: it asks over HTTP and calls the databases as witnesses.

plan       what to do, and within which bounds          command   the command line
target     the servers: our own, or one that runs       stage     people and slots to ask for
scenarios  which requests, one file per kind of day     driver    sends them, open or closed loop
recorder   what came back and when                      journal   what the server has promised
check      holds the promises against the database      measure   one measured run
ramp       the highest rate under a limit of p99        limits    what HTTP, SQL and Redis allow
report     text, JSON and one HTML page
"""
